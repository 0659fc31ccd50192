"""Files as spreadsheets, advertising networks and people save them: every line is a row, part of one, or named."""

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.csv_tables import Row, Table, UnreadableCsv, opened

HEADER = "email,last_name,message\n"


def read(content: str | bytes, encoding: str = "utf-8") -> tuple[list[Row], str]:
    body = content if isinstance(content, bytes) else content.encode(encoding)
    with opened(BytesIO(body)) as sheet:
        return list(Table(sheet.text).rows()), sheet.note


def shown(content: str | bytes) -> list[tuple[int, str]]:
    """(line, what is known of it) of each row: the address, or "!" for one that is named as unreadable."""
    return [(row.line, row.values.get("email", "") or "!") for row in read(content)[0]]


@pytest.mark.parametrize(
    "second",
    [
        # To the end of the file; to another stray quote; closed in its own line, with more behind it.
        'b@x.example,Zwei,"open\nc@x.example,Drei,fine\nd@x.example,Vier,fine\n',
        'b@x.example,Zwei,"open\nc@x.example,Drei,fine\nd@x.example,Vier,"open\n',
        'b@x.example,"Zwei,open\nc@x.example,Drei,fine\nd@x.example,"Vier,open\n',
        'b@x.example,Zwei,"op" en\nc@x.example,Drei,fine\nd@x.example,Vier,12" monitor\n',
        'b@x.example,Zwei,"open\r\nc@x.example,Drei,"""fine"""\r\nd@x.example,Vier,\r\n',
    ],
)
def test_a_stray_quote_swallows_nobody(second):
    content = f"{HEADER}a@x.example,Eins,ok\n{second}"
    assert shown(content) == [(2, "a@x.example"), (3, "b@x.example"), (4, "c@x.example"), (5, "d@x.example")]


def test_what_somebody_typed_stays_in_the_cell():
    rows, _note = read(f'{HEADER}b@x.example,Zwei,"open\nc@x.example,Drei,fine\n')
    assert [row.values["message"] for row in rows] == ['"open', "fine"]


def test_a_line_that_is_no_row_without_its_quote_is_named():
    rows, _note = read(f'{HEADER}b@x.example,Zwei,"one, two\nc@x.example,Drei,fine\n')
    assert [(row.line, bool(row.problem)) for row in rows] == [(2, True), (3, False)]
    assert "never closed" in rows[0].problem


def test_a_cell_that_holds_what_looks_like_rows_is_named_and_the_rows_are_taken():
    rows, _note = read(f'{HEADER}b@x.example,Zwei,"open\nc@x.example,Drei,fine\nd@x.example,Vier,fine"\n')
    assert [row.line for row in rows] == [2, 3, 4]
    assert "closed in line 4" in rows[0].problem
    assert rows[1].values["email"] == "c@x.example"


def test_a_message_of_several_lines_is_one_row():
    message = 'Hello,\nI have "seen" you, and:\n\n- one, two, three\nBest, Ann'
    quoted = message.replace('"', '""')
    rows, _note = read(f'{HEADER}a@x.example,Eins,"{quoted}"\nb@x.example,Zwei,\n')
    assert [(row.line, row.values.get("message")) for row in rows] == [(2, message), (7, None)]


def test_a_cell_without_end_is_looked_for_only_as_far_as_a_row_can_be_long():
    content = f'{HEADER}a@x.example,Eins,"open\n' + "".join(f"p{n}@x.example,P,x\n" for n in range(20_000))
    assert len(shown(content)) == 20_001


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_it_reads_unicode_however_it_was_saved(encoding):
    rows, note = read("email\tlast_name\r\njo@x.example\tJürgens\r\n", encoding)
    assert ([row.values for row in rows], note) == ([{"email": "jo@x.example", "last_name": "Jürgens"}], "")


def test_it_reads_what_is_no_utf_8_as_windows_1252_and_says_so():
    rows, note = read("email;last_name;message\njo@x.example;Jürgens;für 5 €\n", "cp1252")
    assert rows[0].values == {"email": "jo@x.example", "last_name": "Jürgens", "message": "für 5 €"}
    assert note == "The file is not UTF-8, so it is read as Windows-1252."


def test_one_broken_line_of_a_utf_8_file_is_that_lines_problem():
    rows, note = read("email,last_name\na@x.example,Jürgens\nb@x.example,".encode() + b"M\xfcller\n")
    assert ([row.problem for row in rows], note) == (["", "It is not UTF-8 text."], "")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=|", "sep=\t"])
def test_the_line_with_which_excel_is_told_the_delimiter_is_no_header(line):
    mark = line.strip('"')[-1]
    rows, _note = read(
        f"{line}\r\n{mark.join(['E-Mail', 'First, name'])}\r\n{mark.join(['a@x.example', 'A'])}\r\n"
    )
    assert [(row.line, row.values) for row in rows] == [(3, {"E-Mail": "a@x.example", "First, name": "A"})]


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(
        st.text('ab",;\n\r é', max_size=12).map(lambda text: f"{text}x" if text else text), max_size=12
    )
)
def test_whatever_stands_in_the_cells_every_line_of_addresses_is_a_row_or_named(cells):
    lines = [f"p{number}@x.example,{cell},z" for number, cell in enumerate(cells)]
    try:
        rows, _note = read(HEADER + "\n".join(lines) + "\n")
    except UnreadableCsv:
        return
    whole = " ".join([str(row.values) for row in rows if not row.problem])
    named = {row.line for row in rows if row.problem}
    at = 2
    for number, line in enumerate(lines):
        count = len(line.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        assert f"p{number}@x.example" in whole or named & set(range(at, at + count)), rows
        at += count


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=200))
def test_it_never_raises_on_any_bytes(body):
    with suppress(UnreadableCsv):
        read(body)
