"""The pieces of the page, as HTML. Whatever comes in as plain text is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import NewType

from crm_sandbox.wire import Json, now_ms

Html = NewType("Html", str)
NOTHING = Html('<span class="none">–</span>')
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def text(plain: str) -> Html:
    return Html(escape(plain))


def join(*parts: Html, between: str = "") -> Html:
    return Html(escape(between).join(parts))


def link(address: str, label: str) -> Html:
    return Html(f'<a href="{escape(address)}">{escape(label)}</a>')


def cell(content: Html, *, under: str = "", class_: str = "") -> Html:
    small = f"<small>{escape(under)}</small>" if under else ""
    return Html(f'<td class="{class_}">{content or NOTHING}{small}</td>')


def tag(label: str, *, mood: str = "") -> Html:
    return Html(f'<span class="tag {mood}">{escape(label)}</span>') if label else Html("")


def person(name: str) -> Html:
    if not name:
        return Html("")
    initials = "".join(part[0] for part in name.split()[:2]).upper()
    return Html(f'<span class="who"><i>{escape(initials)}</i>{escape(name)}</span>')


def segment(name: str, *, points: str) -> Html:
    mood = {"hot": "hot", "warm": "warn", "cold": "blue"}.get(name, "")
    return tag(f"{name} {points}".strip(), mood=mood)


def task_status(status: str) -> Html:
    mood = {"COMPLETED": "good", "NOT_STARTED": "blue", "IN_PROGRESS": "blue"}.get(status, "")
    return tag(status.replace("_", " ").capitalize(), mood=mood)


def moment(milliseconds: int) -> Html:
    """How long ago, with the exact time on hover."""
    return _timed(milliseconds, f"{_span(now_ms() - milliseconds)} ago")


def due(stamp: str, *, open: bool) -> Html:
    """How long until (or since) an ISO time."""
    if not stamp:
        return Html("")
    at = round(datetime.fromisoformat(stamp).timestamp() * 1000)
    left = at - now_ms()
    if left >= 0:
        return _timed(at, f"in {_span(left)}")
    if not open:
        return _timed(at, f"{_span(-left)} ago")
    return Html(f'<span class="tag bad">{_timed(at, f"{_span(-left)} late")}</span>')


def _timed(milliseconds: int, label: str) -> Html:
    exact = f"{datetime.fromtimestamp(milliseconds / 1000, tz=UTC):%d %b %Y %H:%M:%S} UTC"
    return Html(f'<span title="{exact}">{escape(label)}</span>')


def _span(milliseconds: int) -> str:
    if milliseconds < _MINUTE:
        return f"{max(0, milliseconds) // 1000} s"
    if milliseconds < _HOUR:
        return f"{milliseconds // _MINUTE} min"
    if milliseconds < 2 * _DAY:
        return f"{milliseconds // _HOUR} h"
    return f"{milliseconds // _DAY} days"


def stats(numbers: Mapping[str, int]) -> Html:
    cards = "".join(
        f'<div class="stat"><b>{number:,}</b><span>{escape(label)}</span></div>'
        for label, number in numbers.items()
    )
    return Html(f'<div class="stats">{cards}</div>')


def alert(message: str, *, mood: str = "") -> Html:
    return Html(f'<div class="alert {mood}" role="status">{escape(message)}</div>')


def live(name: str, content: Html) -> Html:
    """A part that the page's script keeps up to date."""
    return Html(f'<div id="{escape(name)}" data-live>{content}</div>')


def heading(title: str, *, under: str) -> Html:
    return Html(
        f'<div><div class="name">{escape(title)}</div><span class="none">{escape(under)}</span></div>'
    )


def table(
    title: str,
    *,
    heads: Sequence[str],
    rows: Sequence[Sequence[Html]],
    note: str,
    empty: str,
    right: Sequence[str] = (),
) -> Html:
    """`right` names the columns whose heads stand to the right, over numbers."""
    if not rows:
        return Html(f'<section><h2>{escape(title)}</h2><p class="empty">{escape(empty)}</p></section>')
    head = "".join(f'<th class="{"n" if each in right else ""}">{escape(each)}</th>' for each in heads)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return Html(
        f"<section><h2>{escape(title)} <span>{escape(note)}</span></h2>"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def facts(title: str, pairs: Sequence[tuple[str, str]]) -> Html:
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return Html(f"<section><h2>{escape(title)}</h2><dl>{items}</dl></section>")


def calls(newest: Sequence[Json]) -> Html:
    rows = [
        [
            cell(text(call["at"][11:23]), class_="t"),
            cell(tag(call["method"])),
            cell(text(call["path"]), class_="p"),
            cell(_answered(call["status"])),
            cell(text(f"{call['ms']:.1f} ms"), class_="n"),
            cell(text(str(call["records"])), class_="n"),
        ]
        for call in newest
    ]
    return table(
        "Calls",
        heads=["At (UTC)", "Method", "Path", "Answer", "Time", "Records"],
        rows=rows,
        note="newest first",
        empty="Nobody has called yet.",
        right=("Time", "Records"),
    )


def _answered(status: int) -> Html:
    if status == 0:
        return tag("no answer", mood="bad")
    mood = "good" if status < 300 else "warn" if status in (409, 429) else "bad"
    return tag(str(status), mood="warn" if status == 207 else mood)
