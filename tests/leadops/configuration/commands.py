"""`manage.py config`, as somebody at a terminal sees it."""

from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Config:
    folder: Path
    errors: list[str] = field(default_factory=list)
    """What each command has written to standard error."""

    @property
    def complaints(self) -> str:
        """Of the last command."""
        return self.errors[-1]

    def apply(self, text: str, *options: str) -> str:
        return self._run("apply", str(self._file(text)), *options)[1]

    def diff(self, text: str) -> tuple[int, str]:
        """Exit status and what is printed."""
        return self._run("diff", str(self._file(text)))

    def export(self) -> str:
        return self._run("export")[1]

    def refusal(self, text: str, *options: str) -> str:
        """What apply says when it refuses."""
        try:
            said = self.apply(text, *options)
        except CommandError as error:
            return str(error)
        raise AssertionError(f"It was applied: {said}")

    def _file(self, text: str) -> Path:
        file = self.folder / "config.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def _run(self, *arguments: str) -> tuple[int, str]:
        out, err = StringIO(), StringIO()
        try:
            call_command("config", *arguments, stdout=out, stderr=err)
        except SystemExit as stop:
            assert isinstance(stop.code, int)
            return stop.code, out.getvalue()
        finally:
            self.errors.append(err.getvalue())
        return 0, out.getvalue()
