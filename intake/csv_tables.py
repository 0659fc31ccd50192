"""CSV files as programs and people save them: their encoding, their delimiter, and which of their lines are one row.

A quotation mark that somebody typed opens a cell that would swallow the rows behind it. A row runs over several lines only
where it has the header's cells then and each of its quotes ends before a delimiter; otherwise every line stands for itself.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TextIO, cast

_DELIMITERS = ",;\t|"
MAX_BYTES = 256 * 1024
_CHUNK = 1 << 20
_IN_MEMORY = 8 << 20
_LETTERS_OF_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What Excel puts and takes as the first line, to be told the delimiter.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_ADDRESS = re.compile(r"\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*")
_OPEN_QUOTE = "A quotation mark is opened in this line and never closed. Close it, or write it twice."
_SWALLOWS = (
    "A quotation mark that is opened in this line is closed in line {last}, and between them stand lines that look like rows. "
    "Close it in its own line, or write it twice."
)


class UnreadableCsv(ValueError):
    """The file as a whole cannot be imported; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where the row begins, the file's first line being 1. `values` by column, blank cells left out; `problem` where
    there is none to be had.
    """

    line: int
    values: Mapping[str, str]
    problem: str = ""

    @property
    def body(self) -> bytes:
        return json.dumps(self.values, ensure_ascii=False).encode()

    @property
    def event_id(self) -> str:
        content = json.dumps(self.values, sort_keys=True)
        return f"csv:{sha256(content.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class OpenedCsv:
    """`text` is what `Table` reads. `note` says, for people, what had to be guessed; "" for nothing."""

    text: TextIO
    note: str


@contextmanager
def opened(file: BinaryIO) -> Iterator[OpenedCsv]:
    """The text of a file: UTF-8, UTF-16 (what Excel calls Unicode text), or Windows-1252 where it cannot be either.

    A file with letters in UTF-8 is UTF-8, and a line of it that is none is that line's problem.
    """
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        if not file.seekable():
            while chunk := file.read(_CHUNK):
                kept.write(chunk)
            kept.seek(0)
        source = file if file.seekable() else cast(BinaryIO, kept)
        encoding, note = _encoding_of(source)
        source.seek(0)
        errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
        text = TextIOWrapper(source, encoding=encoding, errors=errors, newline="")
        try:
            yield OpenedCsv(text, note)
        finally:
            text.detach()


def _encoding_of(file: BinaryIO) -> tuple[str, str]:
    head = file.read(_CHUNK)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", ""
    start = head[:200]
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Plain letters are every other byte of it.
        if len(start) > 3 and start[place::2].count(0) > 0.8 * len(start[place::2]):
            return encoding, ""
    is_utf_8, has_letters, chunk, rest = True, False, head, b""
    while chunk:
        whole = rest + chunk
        cut = max(whole.rfind(b"\n"), 0) + 1 or len(whole)
        lines, rest = whole[:cut], whole[cut:]
        chunk = file.read(_CHUNK)
        if not chunk:
            lines, rest = whole, b""
        try:
            lines.decode()
        except UnicodeDecodeError:
            is_utf_8 = False
        has_letters = has_letters or _LETTERS_OF_UTF_8.search(lines) is not None
    if is_utf_8 or has_letters:
        return "utf-8-sig", ""
    return "cp1252", "The file is not UTF-8, so it is read as Windows-1252."


class Table:
    """A CSV file: its columns, and its rows as they are read. Comma, semicolon, tab or bar, whichever its header has most of, or
    what a line `sep=` before it says.

    `file` is `OpenedCsv.text`, or opened with newline="" and errors="surrogateescape". Raises UnreadableCsv.
    """

    def __init__(self, file: TextIO) -> None:
        self._lines = _Lines(file)
        header = self._lines.take()
        if header.startswith("PK\x03\x04"):
            raise UnreadableCsv("This is a workbook. Save its sheet as “CSV UTF-8” and import that.")
        if "\0" in header or not _is_text(header):
            raise UnreadableCsv("The file is not text. Save it as “CSV UTF-8”.")
        if said := _SEPARATOR_LINE.fullmatch(header.strip("\r\n")):
            self._delimiter = said.group(1)
            header = self._lines.take()
        else:
            self._delimiter = max(_DELIMITERS, key=lambda each: len(_cells(header, each)))
        self.columns: list[str] = []
        self.columns = [cell.strip() for cell in self._whole_row(header)[0]]
        while self.columns and not self.columns[-1]:
            self.columns.pop()
        if not self.columns:
            raise UnreadableCsv("The first line has no names of columns.")
        for number, name in enumerate(self.columns, start=1):
            if not name:
                raise UnreadableCsv(f"Column {number} has no name.")
            if name in self.columns[: number - 1]:
                raise UnreadableCsv(f"Two columns are named “{name}”.")

    def rows(self) -> Iterator[Row]:
        """Rows that say something. What cannot be read is a row with a problem."""
        while first := self._lines.take():
            line = self._lines.number
            cells, problem = self._whole_row(first)
            cells = [cell.strip() for cell in cells]
            if problem:
                yield Row(line, {}, problem)
            elif any(cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        if any(cells[len(self.columns) :]):
            return Row(line, {}, f"It has {len(cells)} cells, and the header has {len(self.columns)}.")
        row = Row(line, {name: cell for name, cell in zip(self.columns, cells, strict=False) if cell})
        if not all(map(_is_text, cells)):
            return Row(line, {}, "It is not UTF-8 text.")
        if len(row.body) > MAX_BYTES:
            return Row(line, {}, f"It is larger than {MAX_BYTES // 1024} KiB.")
        return row

    def _whole_row(self, first: str) -> tuple[list[str], str]:
        """(cells, problem) of the row that begins with this line; takes the further lines that belong to it."""
        try:
            return _cells(first, self._delimiter, strict=True), ""
        except csv.Error as error:
            if not _is_open(error):
                return _leniently(first, self._delimiter)
        more: list[str] = []
        length = len(first)
        # The text is put together once for each line with a quote, and a cell of more lines than this is none of a lead's.
        while length <= MAX_BYTES and (line := self._lines.take()):
            more.append(line)
            length += len(line)
            if '"' not in line:
                continue
            try:
                cells = _cells(first + "".join(more), self._delimiter, strict=True)
            except csv.Error as error:
                if _is_open(error):
                    continue
                break
            if self._fits(cells):
                if self._swallows(first, more):
                    last = self._lines.number
                    self._lines.put_back(more)
                    return [], _SWALLOWS.format(last=last)
                return cells, ""
            break
        self._lines.put_back(more)
        return self._alone(first)

    def _fits(self, cells: list[str]) -> bool:
        """Whether a row of several lines has the cells of the header (the header itself: whatever it has)."""
        return not self.columns or len(cells) == len(self.columns) or not any(cells[len(self.columns) :])

    def _swallows(self, first: str, more: list[str]) -> bool:
        """Whether lines inside a cell look like rows of their own: as many cells, and an address where the row has one."""
        head = _leniently(first, self._delimiter)[0]
        places = [place for place, cell in enumerate(head) if _ADDRESS.fullmatch(cell)]
        if not places or len(self.columns) < 2:
            return False
        for line in more:
            cells = _leniently(line, self._delimiter)[0]
            if len(cells) == len(self.columns) and any(_ADDRESS.fullmatch(cells[at]) for at in places):
                return True
        return False

    def _alone(self, line: str) -> tuple[list[str], str]:
        """A line whose quote opens and never ends: the mark is somebody's own where the line has all cells without it."""
        cells = next(csv.reader([line], delimiter=self._delimiter, quoting=csv.QUOTE_NONE), [])
        return (cells, "") if self.columns and len(cells) == len(self.columns) else ([], _OPEN_QUOTE)


class _Lines:
    """A file's lines, of which some can be put back. `number` is that of the line that was taken last."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self.number = 0

    def take(self) -> str:
        """The next line with its end; "" where there is none."""
        line = self._back.popleft() if self._back else self._file.readline()
        self.number += bool(line)
        return line

    def put_back(self, lines: list[str]) -> None:
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


def _cells(text: str, delimiter: str, *, strict: bool = False) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter, strict=strict), [])


def _leniently(line: str, delimiter: str) -> tuple[list[str], str]:
    """(cells, problem) of one line, with quotes where they do not belong as they stand."""
    try:
        return _cells(line, delimiter), ""
    except csv.Error as error:
        return [], f"It cannot be read as CSV: {error}."


def _is_open(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error)


def _is_text(text: str) -> bool:
    """Bytes that were no UTF-8 came in as lone surrogates."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
