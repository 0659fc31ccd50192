"""Old pages post in their own charset: their letters are read, and nobody is turned away for an umlaut."""

import json

import pytest

from intake.bodies import FORM, JSON, MalformedBody, parse

MARKS = (
    b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n',
    b"--B--\r\n",
    "multipart/form-data; boundary=B",
)


def parts(*pairs: tuple[bytes, bytes]) -> bytes:
    return b"".join(MARKS[0] % pair for pair in pairs) + MARKS[1]


@pytest.mark.parametrize(
    ("body", "content_type", "noted"),
    [
        (b"name=M%FCllner", f"{FORM}; charset=ISO-8859-1", False),
        (b"name=M%FCllner", f'{FORM}; charset="windows-1252"', False),
        (b"_charset_=windows-1252&name=M%FCllner", FORM, False),
        (b"name=M%FCllner", FORM, True),
        (b"name=M\xfcllner", FORM, True),
        (b"name=M%FCllner", f"{FORM}; charset=utf-8", True),
        (b"name=M%FCllner", f"{FORM}; charset=nonsense", True),
        (b"name=M%C3%BCllner", FORM, False),
        ("name=Müllner".encode(), FORM, False),
        # Says one thing and sends another, as many programs do.
        (b"name=M%C3%BCllner", f"{FORM}; charset=ISO-8859-1", False),
        ('{"name": "Müllner"}'.encode("cp1252"), JSON, True),
        ('{"name": "Müllner"}'.encode("cp1252"), f"{JSON}; charset=iso-8859-1", False),
        ('{"name": "Müllner"}'.encode("utf-16"), JSON, False),
        (parts((b"name", "Müllner".encode("cp1252"))), MARKS[2], True),
        (parts((b"_charset_", b"iso-8859-1"), (b"name", "Müllner".encode("cp1252"))), MARKS[2], False),
        (parts((b"name", "Müllner".encode())), MARKS[2], False),
    ],
)
def test_letters_are_read_and_a_guess_is_noted(body, content_type, noted):
    parsed = parse(body, content_type)
    assert parsed.value == {"name": "Müllner"}
    assert [note.code for note in parsed.notes] == (["charset"] if noted else [])


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("shift_jis", "山田"),
        ("iso-2022-jp", "山田"),
        ("koi8-r", "Иван"),
        ("windows-1250", "Świętek"),
        ("gbk", "王伟"),
    ],
)
def test_other_charsets_count_where_they_are_named(charset, text):
    body = b"name=" + b"".join(b"%%%02X" % byte for byte in text.encode(charset))
    assert parse(body, f"{FORM}; charset={charset}").value == {"name": text}


@pytest.mark.parametrize("charset", ["zlib", "rot13", "utf-7", "unicode_escape", "idna", "base64"])
def test_no_codec_of_python_is_a_charset(charset):
    assert parse(b"name=%2BAGE-", f"{FORM}; charset={charset}").value == {"name": "+AGE-"}


def test_half_a_character_is_no_letter_of_any_charset():
    for body, content_type in ((b"n=%ED%A0%80", FORM), (b'{"n": "\xed\xa0\x80"}', JSON)):
        with pytest.raises(MalformedBody):
            parse(body, content_type)


def test_names_of_fields_are_read_alike():
    assert parse("größe=1".encode("cp1252"), FORM).value == {"größe": "1"}
    assert parse(parts(("größe".encode(), b"1")), MARKS[2]).value == {"größe": "1"}
    assert json.dumps(parse(b"a=1", FORM).value) == '{"a": "1"}'
