"""What we are made of and whether it is known to be unsafe: `make audit`.

1. A list of all packages with their hashes (CycloneDX, build/sbom.json).
2. Packages of the lock file with known vulnerabilities. Where no source of advisories can be reached it says so and goes on.
3. Secrets in files under version control, beyond those that .ci/secrets.json knows to be none.

The tools are installed from .ci/audit.lock, checked by hash, into an environment that is removed afterwards. Exits with 1 if
anything is found.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
LOCK = BASE / "requirements.lock"
BOM = BASE / "build" / "sbom.json"
KNOWN = BASE / ".ci" / "secrets.json"
# Known to be unsafe since 2014: a source that does not say so is none.
PROBE = "jinja2==2.4.1"
NOT_TEXT = {".png", ".gz", ".lock"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="leadops-audit-") as folder:
        venv.create(folder, with_pip=True)
        tools = Path(folder) / "bin"
        lock = str(BASE / ".ci" / "audit.lock")
        install = [str(tools / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr.strip())
            print("The tools could not be installed, so nothing was audited.")
            return 1
        list_packages(tools)
        return max(look_for_vulnerabilities(tools, Path(folder)), look_for_secrets(tools))


def list_packages(tools: Path) -> None:
    BOM.parent.mkdir(exist_ok=True)
    subprocess.run(
        [str(tools / "cyclonedx-py"), "requirements", str(LOCK), "--output-reproducible", "-o", str(BOM)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    print(f"{BOM.relative_to(BASE)}: {len(json.loads(BOM.read_text())['components'])} packages.")


def look_for_vulnerabilities(tools: Path, folder: Path) -> int:
    probe = folder / "probe.txt"
    probe.write_text(f"{PROBE}\n")
    if not audit(tools, "-r", str(probe), "--no-deps"):
        print("Vulnerabilities: skipped, since no source of advisories answers here.")
        return 0
    found = audit(tools, "-r", str(LOCK), "--require-hashes")
    for name, version, advisory, fixed in found:
        print(f"{name} {version}: {advisory}; mended in {', '.join(fixed) or 'no version yet'}.")
    print(f"Vulnerabilities: {len(found) or 'none known'}.")
    return 1 if found else 0


def audit(tools: Path, *arguments: str) -> list[tuple[str, str, str, list[str]]]:
    """Package, version, advisory, and the versions that mend it. Empty where nobody answers."""
    command = [
        str(tools / "pip-audit"),
        "--disable-pip",
        "--progress-spinner=off",
        "--format=json",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return []
    return [
        (one["name"], one["version"], found["id"], found["fix_versions"])
        for one in packages
        for found in one.get("vulns", [])
    ]


def look_for_secrets(tools: Path) -> int:
    listed = subprocess.run(["git", "ls-files"], cwd=BASE, capture_output=True, text=True, check=True).stdout
    files = [
        name
        for name in listed.splitlines()
        if Path(name).suffix not in NOT_TEXT and name != ".ci/secrets.json"
    ]
    scan = [str(tools / "detect-secrets"), "scan", *files]
    done = subprocess.run(scan, cwd=BASE, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["results"]
    if sys.argv[1:] == ["--accept"]:
        kept = {name: sorted({one["hashed_secret"] for one in rows}) for name, rows in sorted(found.items())}
        KNOWN.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"{KNOWN.relative_to(BASE)} is written: look at what has changed before you commit it.")
        return 0
    known = json.loads(KNOWN.read_text())
    fresh = [
        (name, one["line_number"], one["type"])
        for name, rows in found.items()
        for one in rows
        if one["hashed_secret"] not in known.get(name, [])
    ]
    for name, line, kind in fresh:
        print(f"{name}:{line}: {kind}. Take it out, or accept it: .venv/bin/python .ci/audit.py --accept")
    print(f"Secrets: {len(fresh) or 'none new'}.")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
