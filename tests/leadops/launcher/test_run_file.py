import os
import stat
import subprocess
import sys

import pytest

from leadops.launcher import runfile


def test_it_is_empty_where_there_is_no_data_folder(tmp_path):
    assert runfile.read(tmp_path / "nowhere") == {}


def test_it_gives_the_secrets_and_the_addresses_of_a_launcher_that_lives(tmp_path):
    runfile.write_file(tmp_path / runfile.SECRETS, {"SECRET_KEY": "a=b"}, comment="Keep it.")
    runfile.write_file(
        tmp_path / runfile.RUNNING,
        {"DATABASE_URL": "postgres://here", runfile.LAUNCHER_PID: str(os.getpid())},
    )
    assert runfile.read(tmp_path) == {"SECRET_KEY": "a=b", "DATABASE_URL": "postgres://here"}


def test_it_does_not_believe_the_addresses_of_a_launcher_that_is_gone(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    runfile.write_file(tmp_path / runfile.SECRETS, {"SECRET_KEY": "key"})
    runfile.write_file(
        tmp_path / runfile.RUNNING, {"DATABASE_URL": "postgres://here", runfile.LAUNCHER_PID: str(gone.pid)}
    )
    assert runfile.read(tmp_path) == {"SECRET_KEY": "key"}


def test_it_leaves_out_what_is_no_line_of_a_name_and_a_value(tmp_path):
    (tmp_path / runfile.SECRETS).write_text("# a comment\nSECRET_KEY=key\nrubbish\n=value\n\n")
    assert runfile.read(tmp_path) == {"SECRET_KEY": "key"}


def test_it_survives_a_file_that_is_no_text(tmp_path):
    (tmp_path / runfile.SECRETS).write_bytes(b"\xff\xfe\x00SECRET_KEY=key")
    assert runfile.read(tmp_path) == {}


def test_its_files_can_be_read_by_their_owner_alone(tmp_path):
    path = tmp_path / runfile.SECRETS
    path.write_text("SECRET_KEY=old\n")
    path.chmod(0o644)
    runfile.write_file(path, {"SECRET_KEY": "new"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert runfile.read(tmp_path) == {"SECRET_KEY": "new"}


def test_it_refuses_a_value_that_would_become_a_line_of_its_own(tmp_path):
    with pytest.raises(ValueError, match="SECRET_KEY"):
        runfile.write_file(
            tmp_path / runfile.SECRETS, {"SECRET_KEY": "key\nDATABASE_URL=postgres://elsewhere"}
        )
