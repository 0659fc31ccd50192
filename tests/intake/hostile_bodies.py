"""What a stranger can post to break whoever reads it later: kept whole, read as far as it goes, and every page opens."""

import json
from typing import Any

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BOUNDARY = "BoUnDaRy"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def _person(name: str, **values: Any) -> dict[str, Any]:
    return {"email": f"{name}@hostile.example", "full_name": "Ho Stile", "country": "DE", **values}


def _json(name: str, **values: Any) -> tuple[bytes, str]:
    return json.dumps(_person(name, **values)).encode(), JSON


def _nested(levels: int) -> bytes:
    opened, closed = '{"a":' * levels, "}" * levels
    return (
        f'{{"email": "deep{levels}@hostile.example", "full_name": "Deep", "x": {opened}1{closed}}}'.encode()
    )


def _parts(*pairs: tuple[str, str], boundary: str = BOUNDARY) -> bytes:
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in pairs
    ]
    return "".join([*lines, f"--{boundary}--\r\n"]).encode()


# Taken (202), whatever may be missing of them afterwards.
TAKEN: dict[str, tuple[bytes, str]] = {
    "lone surrogates": _json(
        "half", company="\udfff Ltd", message="\ud83d", job_title="\ud800", **{"x\ud800": "\ud800"}
    ),
    "a lone surrogate for a name": _json("half-name", full_name="\ud800 S"),
    "NUL in values and names": _json(
        "nul", company="A\x00B", message="a\x00b", **{"ke\x00y": {"\x00": "\x00"}}
    ),
    "NUL in an address": _json("n\x00l"),
    "control characters": _json(
        "controls", company="A\x1b[31mB\x07", message="a\x08b\x9bc", **{"\x1b": "\x7f"}
    ),
    "U+FFFD in values": _json("lost", company="M\ufffdller", city="K\ufffdln", **{"\ufffd": "\ufffd"}),
    "U+FFFD in an address": _json("l\ufffdst"),
    "directions turned": _json(
        "bidi", full_name="Ho \u202eelitS", company="\u2066A\u2069\u200f", **{"\u202e": "\u202e"}
    ),
    "not to be seen": _json(
        "unseen", company="A\u200bB\ufeff", full_name="Ho\u2028Stile", message="a\u2029b"
    ),
    "line breaks in an address": _json("brk", email="brk@hostile.example\r\nBcc: all@hostile.example"),
    "line breaks in a phone number": _json("phone", phone="+49 30 901820\r\n+49 30 901821"),
    "markup": _json(
        "markup", company="<script>alert(1)</script>", message="</pre><img src=x onerror=alert(1)>"
    ),
    "formulas": _json("formula", company='=HYPERLINK("https://evil.test")', full_name="@SUM(A1)"),
    "a name twice": (
        b'{"email": "one@hostile.example", "email": "two@hostile.example", "full_name": "T"}',
        JSON,
    ),
    "names that become one": _json("same", **{"k\x00": 1, "k\ud800": 2}),
    "a number without end": (b'{"email": "digits@hostile.example", "n": ' + b"9" * 4000 + b"}", JSON),
    "many values": _json("many", **{f"field {number}": number for number in range(5000)}),
    "nested 30 deep": (_nested(30), JSON),
    "nested 64 deep": (_nested(63), JSON),
    "a long name": _json("long", **{"k" * 100_000: "v" * 100_000}),
    "a long text": _json("text", company="c" * 200_000),
    "lists of lists": _json("lists", email=[["lists@hostile.example"]], company=[[[{}]], {"a": []}]),
    "nothing but odd types": _json(
        "types", full_name={"a": 1}, phone=[True, None], message=1.5, company=False
    ),
    "percent and braces": _json("format", company="%s %(a)s {} {0} ${x}", message="{{ form }} {% now %}"),
    "NUL in a form post": (b"email=form%00@hostile.example&full_name=F&x=%00&%00=y", FORM),
    "brackets of brackets": (b"email=br@hostile.example&a" + b"[b]" * 300 + b"=1&c[]=1&c=2&d[x]=1&d=2", FORM),
    "odd names of parts": (
        _parts(("email", "parts@hostile.example"), ("", "x"), ("a[\x1b", "y\x00")),
        MULTIPART,
    ),
}
# Refused with this status, and nothing is kept.
REFUSED: dict[str, tuple[bytes, str, int]] = {
    "NaN": (b'{"email": "a@hostile.example", "n": NaN}', JSON, 400),
    "Infinity": (b'{"email": "a@hostile.example", "n": [-Infinity]}', JSON, 400),
    "a number that is infinite": (b'{"email": "a@hostile.example", "n": 1e999}', JSON, 400),
    "a list": (b'[{"email": "a@hostile.example"}]', JSON, 400),
    "a text": (b'"text"', JSON, 400),
    "half a character in bytes": (b'{"email": "a@hostile.example", "n": "\xed\xa0\x80"}', JSON, 400),
    "nested 65 deep": (_nested(64), JSON, 400),
    "nested 300 deep": (_nested(300), JSON, 400),
    "nested 900 deep": (_nested(900), JSON, 400),
    "nested without end": (_nested(50_000)[:200_000], JSON, 400),
    "half a character in a form post": (b"email=a%40hostile.example&n=%ED%A0%80", FORM, 400),
    "another boundary": (_parts(("email", "a@hostile.example"), boundary="Other"), MULTIPART, 400),
    "a longer boundary": (_parts(("email", "a@hostile.example"), boundary=f"{BOUNDARY}X"), MULTIPART, 400),
}
