"""The embedded PostgreSQL with real processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg
import pytest

from leadops.launcher import home, identity, postgres
from leadops.launcher.postgres import Postgres
from leadops.launcher.problems import LaunchProblem

pytestmark = pytest.mark.drill
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture
def sockets():
    folder = Path(tempfile.mkdtemp(prefix="leadops-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(tmp_path, sockets):
    place = home.choose_home(tmp_path)
    made = Postgres(
        place.installation, place.identity, place.data, place.sockets(sockets), tmp_path / "postgres.log"
    )
    yield made
    made.stop()


def query(server, sql):
    with psycopg.connect(
        host=str(server.sockets),
        port=postgres.PORT,
        user=postgres.NAME,
        dbname=postgres.NAME,
        autocommit=True,
    ) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None


def family(process):
    return [process, *process.children(recursive=True)]


def test_a_copied_folder_that_others_can_read_starts_again(server):
    server.start()
    server.stop()
    server.data.chmod(0o755)
    server.start()
    assert server.data.stat().st_mode & 0o777 == 0o700


def test_it_answers_on_a_socket_only_and_speaks_unicode(server):
    server.start()
    assert query(server, "SHOW listen_addresses") == [("",)]
    assert query(server, "SELECT upper('jana weiß ü')") == [("JANA WEIß Ü",)]
    assert query(server, "SHOW fsync") == [("on",)]


def test_nothing_that_somebody_sent_stands_in_its_log(server):
    """Not the statement, not its values, not the details of the error."""
    server.start()
    query(server, "CREATE TABLE people (email text UNIQUE, age int NOT NULL CHECK (age > 0))")
    query(server, "INSERT INTO people VALUES ('jana@secret.example', 1)")
    for values in ("'jana@secret.example', 2", "'ina@secret.example', NULL", "'otto@secret.example', -1"):
        with pytest.raises(psycopg.IntegrityError, match="secret"):
            query(server, f"INSERT INTO people VALUES ({values})")
    with pytest.raises(psycopg.errors.DivisionByZero):
        query(server, "SELECT 1 / (age - 1), 'secret' FROM people")
    log = server.log.read_text()
    assert "duplicate key" in log
    assert "division by zero" in log
    assert "secret" not in log


def test_it_keeps_rows_and_leaves_no_process_when_it_stops(server):
    server.start()
    query(server, "CREATE TABLE kept (n int)")
    query(server, "INSERT INTO kept VALUES (1)")
    processes = family(psutil.Process(server.process.pid))
    server.stop()
    assert not [process for process in processes if process.is_running()]
    server.start()
    assert query(server, "SELECT n FROM kept") == [(1,)]


def test_no_acknowledged_row_is_lost_when_everything_is_killed(server):
    server.start()
    query(server, "CREATE TABLE kept (n int)")
    for number in range(50):
        query(server, f"INSERT INTO kept VALUES ({number})")
    for process in family(psutil.Process(server.process.pid)):
        process.kill()
    server.start()
    assert query(server, "SELECT count(*) FROM kept") == [(50,)]


def test_it_ends_a_server_that_a_killed_launcher_left(server):
    server.start()
    left = server.process
    server.process = None
    server.start()
    assert left.wait(10) is not None
    assert query(server, "SELECT 1") == [(1,)]


def test_a_pid_file_that_names_a_stranger_does_not_stop_it(server):
    server.start()
    pid_file = server.data / "postmaster.pid"
    text = pid_file.read_text()
    server.process.kill()
    server.stop()
    pid_file.write_text(text.replace(text.split("\n")[0], str(os.getppid()), 1))
    server.start()
    assert query(server, "SELECT 1") == [(1,)]


def test_it_dies_with_its_launcher(tmp_path, sockets):
    script = """
import os, signal, sys
from pathlib import Path
from leadops.launcher import home, postgres
place = home.choose_home(Path(sys.argv[1]))
sockets = place.sockets(Path(sys.argv[2]))
log = place.data.with_name("log")
server = postgres.Postgres(place.installation, place.identity, place.data, sockets, log)
server.start()
print(server.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(sockets)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == -signal.SIGKILL
    pid = int(answer.stdout)
    _gone, alive = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert not alive


@pytest.mark.parametrize("damage", ["PG_VERSION", "global/pg_control"])
def test_a_damaged_cluster_is_one_sentence_with_the_way_out_and_no_process(server, damage):
    server.start()
    server.stop()
    (server.data / damage).unlink()
    with pytest.raises(LaunchProblem, match="restore the data folder from a backup, or remove it") as problem:
        server.start()
    assert "\n" not in str(problem.value)
    assert server.process is None


def test_an_interrupted_making_is_made_again(server):
    unfinished = server.data.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    assert query(server, "SELECT 1") == [(1,)]
    assert not unfinished.exists()


def test_variables_of_the_caller_do_not_redirect_it(server, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    server.start()
    monkeypatch.undo()
    assert query(server, "SELECT 1") == [(1,)]


@as_root
def test_root_changes_nobodys_permissions_and_reaches_it_below_a_closed_folder(tmp_path, sockets):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "var"
    data_dir.mkdir(mode=0o700)
    before = [(each.stat().st_mode, each.stat().st_uid) for each in (tmp_path, closed, data_dir)]
    place = home.choose_home(data_dir)
    server = Postgres(
        place.installation, place.identity, place.data, place.sockets(sockets), data_dir / "log"
    )
    try:
        server.start()
        assert query(server, "SELECT 1") == [(1,)]
    finally:
        server.stop()
    assert before == [(each.stat().st_mode, each.stat().st_uid) for each in (tmp_path, closed, data_dir)]


@pytest.fixture
def homes():
    folder = Path(tempfile.mkdtemp(prefix="leadops-homes-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@as_root
class TestWithoutUserNamespaces:
    """Root on a machine that forbids them: the database lives in an unprivileged user's own folder."""

    def start(self, data_dir, *, homes, sockets):
        place = home.choose_home(data_dir, homes=homes, namespaces=False)
        server = Postgres(
            place.installation, place.identity, place.data, place.sockets(sockets), data_dir.parent / "log"
        )
        server.start()
        return server

    def test_it_runs_as_that_user_from_a_folder_only_they_enter(self, tmp_path, sockets, homes):
        tmp_path.chmod(0o700)
        data_dir = tmp_path / "var"
        data_dir.mkdir()
        server = self.start(data_dir, homes=homes, sockets=sockets)
        try:
            assert psutil.Process(server.process.pid).uids().real == identity.unprivileged_user().uid
            assert [oct(each.stat().st_mode & 0o777) for each in homes.iterdir()] == ["0o700"]
            assert query(server, "SELECT 1") == [(1,)]
        finally:
            server.stop()

    def test_the_next_start_finds_it_again_also_where_the_data_folder_has_moved(
        self, tmp_path, sockets, homes
    ):
        (tmp_path / "var").mkdir()
        server = self.start(tmp_path / "var", homes=homes, sockets=sockets)
        query(server, "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        (tmp_path / "var").rename(tmp_path / "moved")
        server = self.start(tmp_path / "moved", homes=homes, sockets=sockets)
        try:
            assert query(server, "SELECT n FROM kept") == [(7,)]
        finally:
            server.stop()

    def test_a_copied_data_folder_is_refused(self, tmp_path, sockets, homes):
        (tmp_path / "var").mkdir()
        self.start(tmp_path / "var", homes=homes, sockets=sockets).stop()
        shutil.copytree(tmp_path / "var", tmp_path / "copy")
        with pytest.raises(LaunchProblem, match="is a copy of"):
            home.choose_home(tmp_path / "copy", homes=homes, namespaces=False)

    def test_what_a_removed_data_folder_had_is_cleared(self, tmp_path, sockets, homes):
        (tmp_path / "var").mkdir()
        server = self.start(tmp_path / "var", homes=homes, sockets=sockets)
        query(server, "CREATE TABLE gone (n int)")
        server.stop()
        shutil.rmtree(tmp_path / "var")
        (tmp_path / "var").mkdir()
        server = self.start(tmp_path / "var", homes=homes, sockets=sockets)
        try:
            assert query(server, "SELECT to_regclass('gone')") == [(None,)]
            assert len(list(homes.iterdir())) == 1
        finally:
            server.stop()

    def test_what_belongs_to_a_folder_that_was_moved_away_is_kept(self, tmp_path, sockets, homes):
        (tmp_path / "var").mkdir()
        server = self.start(tmp_path / "var", homes=homes, sockets=sockets)
        query(server, "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "var").rename(tmp_path / "elsewhere" / "old")
        (tmp_path / "var").mkdir()
        self.start(tmp_path / "var", homes=homes, sockets=sockets).stop()
        server = self.start(tmp_path / "elsewhere" / "old", homes=homes, sockets=sockets)
        try:
            assert query(server, "SELECT n FROM kept") == [(7,)]
        finally:
            server.stop()

    def test_a_data_folder_that_was_restored_from_a_copy_finds_it_again(self, tmp_path, sockets, homes):
        (tmp_path / "var").mkdir()
        server = self.start(tmp_path / "var", homes=homes, sockets=sockets)
        query(server, "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        shutil.copytree(tmp_path / "var", tmp_path / "copy")
        shutil.rmtree(tmp_path / "var")
        server = self.start(tmp_path / "copy", homes=homes, sockets=sockets)
        try:
            assert query(server, "SELECT n FROM kept") == [(7,)]
        finally:
            server.stop()

    def test_it_takes_over_a_database_that_was_made_in_a_user_namespace(self, tmp_path, sockets, homes):
        data_dir = tmp_path / "var"
        data_dir.mkdir()
        place = home.choose_home(data_dir, homes=homes)
        server = Postgres(
            place.installation, place.identity, place.data, place.sockets(sockets), tmp_path / "log"
        )
        server.start()
        query(server, "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        server = self.start(data_dir, homes=homes, sockets=sockets)
        try:
            assert query(server, "SELECT n FROM kept") == [(7,)]
            assert not (data_dir / "postgres").exists()
        finally:
            server.stop()
