"""What `manage.py up` was asked for, from its arguments and the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leadops.launcher.given_secrets import weakness
from leadops.launcher.problems import LaunchProblem

BASE = Path(__file__).resolve().parent.parent.parent
ADMIN_PASSWORD, API_TOKEN = "LEADOPS_ADMIN_PASSWORD", "LEADOPS_API_TOKEN"
YES = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Options:
    data_dir: Path
    bind: str
    port: int
    sandbox_port: int
    public_url: str
    demo: bool

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"


def read(environ: Mapping[str, str], *, demo: bool, port: int | None) -> Options:
    """Arguments win over the environment. Raises LaunchProblem for a value that cannot be one."""
    chosen = port if port is not None else _port(environ, "LEADOPS_PORT", default=8000)
    given = {"password": environ.get(ADMIN_PASSWORD, ""), "token": environ.get(API_TOKEN, "")}
    if weak := weakness(**given):
        raise LaunchProblem(weak)
    return Options(
        data_dir=Path(environ.get("LEADOPS_DATA_DIR") or BASE / "var").resolve(),
        bind=environ.get("LEADOPS_BIND") or "127.0.0.1",
        port=chosen,
        sandbox_port=_port(environ, "LEADOPS_SANDBOX_PORT", default=8899),
        public_url=(environ.get("LEADOPS_PUBLIC_URL") or f"http://127.0.0.1:{chosen}").rstrip("/"),
        demo=demo or environ.get("LEADOPS_DEMO", "").lower() in YES,
    )


def _port(environ: Mapping[str, str], name: str, *, default: int) -> int:
    value = environ.get(name) or str(default)
    if not (value.isdecimal() and 0 < int(value) < 65536):
        raise LaunchProblem(f"{name} is {value!r}: set it to a port number between 1 and 65535.")
    return int(value)
