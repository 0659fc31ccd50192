import os
import stat

import pytest
from cryptography.fernet import Fernet

from leadops.launcher import datafolder, runfile
from leadops.launcher.problems import LaunchProblem


def test_it_makes_a_folder_that_only_its_owner_enters(tmp_path):
    os.close(datafolder.take(tmp_path / "var"))
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o750])
def test_a_folder_that_others_can_enter_is_closed_to_them(tmp_path, mode):
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(mode)
    for again in (False, True):
        os.close(datafolder.take(tmp_path / "var"))
        assert datafolder.close_to_others(tmp_path / "var") is not again
        assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_a_folder_of_other_things_that_others_can_enter_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home" / "letter.txt").touch()
    with pytest.raises(LaunchProblem, match=r"chmod 700 .*home"):
        datafolder.take(tmp_path / "home")
    assert os.listdir(tmp_path / "home") == ["letter.txt"]
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755


def test_it_belongs_to_one_launcher_at_a_time(tmp_path):
    first = datafolder.take(tmp_path)
    with pytest.raises(LaunchProblem, match="already runs on"):
        datafolder.take(tmp_path)
    os.close(first)
    os.close(datafolder.take(tmp_path))


def test_it_says_where_the_other_launcher_is(tmp_path):
    lock = datafolder.take(tmp_path)
    running = {"LEADOPS_PUBLIC_URL": "http://127.0.0.1:8123", runfile.LAUNCHER_PID: str(os.getpid())}
    runfile.write_file(tmp_path / runfile.RUNNING, running)
    with pytest.raises(LaunchProblem, match=r"at http://127\.0\.0\.1:8123: stop it first"):
        datafolder.take(tmp_path)
    os.close(lock)


def test_a_file_in_its_place_is_one_sentence_with_the_way_out(tmp_path):
    (tmp_path / "var").write_text("")
    with pytest.raises(LaunchProblem, match="set LEADOPS_DATA_DIR to a folder"):
        datafolder.take(tmp_path / "var")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's folder")
def test_a_folder_of_somebody_else_is_refused(tmp_path):
    os.close(datafolder.take(tmp_path))
    os.chown(tmp_path / datafolder.LOCK, 65534, 65534)
    with pytest.raises(LaunchProblem, match="belongs to"):
        datafolder.take(tmp_path)


def test_it_makes_secrets_once(tmp_path):
    first = datafolder.secrets_of(tmp_path, environ={})
    assert datafolder.secrets_of(tmp_path, environ={}) == first == runfile.read(tmp_path)
    assert len(first["SECRET_KEY"]) >= 50
    assert Fernet(first["LEADOPS_ENCRYPTION_KEYS"])


def test_it_does_not_make_what_the_environment_brings(tmp_path):
    made = datafolder.secrets_of(tmp_path, environ={"SECRET_KEY": "mine"})
    assert "SECRET_KEY" not in made
    assert "SECRET_KEY" not in runfile.read(tmp_path)


@pytest.mark.parametrize("trace", ["postgres", "postgres.location"])
def test_it_never_makes_new_encryption_keys_for_an_old_database(tmp_path, trace):
    datafolder.secrets_of(tmp_path, environ={})
    (tmp_path / trace).mkdir()
    (tmp_path / runfile.SECRETS).unlink()
    with pytest.raises(LaunchProblem, match="restore the file from a backup"):
        datafolder.secrets_of(tmp_path, environ={})
    assert not (tmp_path / runfile.SECRETS).exists()


def test_an_old_database_starts_with_keys_from_the_environment(tmp_path):
    (tmp_path / "postgres").mkdir()
    key = Fernet.generate_key().decode()
    made = datafolder.secrets_of(tmp_path, environ={"LEADOPS_ENCRYPTION_KEYS": f"{key},{key}"})
    assert "LEADOPS_ENCRYPTION_KEYS" not in made
    assert made["SECRET_KEY"]


def test_a_damaged_key_is_one_sentence_that_names_the_file(tmp_path):
    datafolder.secrets_of(tmp_path, environ={})
    text = (tmp_path / runfile.SECRETS).read_text()
    (tmp_path / runfile.SECRETS).write_text(
        text.replace("LEADOPS_ENCRYPTION_KEYS=", "LEADOPS_ENCRYPTION_KEYS=x")
    )
    with pytest.raises(LaunchProblem, match=r"secrets\.env is damaged"):
        datafolder.secrets_of(tmp_path, environ={})
