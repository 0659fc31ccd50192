"""A backup is whole or it is not there, and nothing of one that is not what it says is put back."""

import io
import json
import shutil
import stat
import zipfile

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leadops import VERSION
from leadops.backups import BackupProblem, archive, database, restoring, taking
from leadops.schema import applied
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def silent(text: str) -> None:
    return None


def address() -> str:
    return database.address_of(connection.get_connection_params())


def nobody_else() -> None:
    """Threads of tests before this one may have left connections behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


@pytest.fixture
def file(tmp_path, settings):
    """Of an installation with one lead."""
    settings.LEADOPS_DATA_DIR = tmp_path / "var"
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secrets.env").write_text("SECRET_KEY=abc\n")
    make.acme()
    make.handed_off()
    target = tmp_path / "kept.zip"
    taking.back_up(
        target, address=address(), data_dir=tmp_path / "var", keys=["key"], now=timezone.now(), say=silent
    )
    return target


def rewritten(file, change):
    """The same archive, with other bytes under one name."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(other, "w") as target:
        parts = change({name: source.read(name) for name in source.namelist()})
        for name, content in parts.items():
            target.writestr(name, content)
    return other


def verified(file) -> None:
    with archive.read(file) as reader:
        reader.verify(say=silent)


def test_it_says_what_is_in_it_and_only_its_owner_can_read_it(file):
    verified(file)
    with archive.read(file) as reader:
        assert reader.manifest.counts["intake_lead"] == 1
        assert reader.manifest.leadops == VERSION
        assert {each.name for each in reader.manifest.members} == {"database.dump", "secrets.env"}
        assert reader.manifest.keys == [archive.key_mark("key")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.glob(".*partial")) == []


def test_one_byte_that_is_not_what_was_backed_up_is_found(file):
    def bend(parts):
        text = parts["database.dump"]
        return {**parts, "database.dump": text[:-9] + bytes([text[-9] ^ 1]) + text[-8:]}

    with pytest.raises(BackupProblem, match=r"damaged \(database.dump"):
        verified(rewritten(file, bend))


def test_half_a_file_is_no_backup(file, tmp_path):
    half = tmp_path / "half.zip"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BackupProblem, match="is no backup of leadops, or only a part of one"):
        verified(half)


@pytest.mark.parametrize("name", ["mail/../../escape", "../escape", "etc/passwd", "mail/"])
def test_a_member_that_leads_out_of_the_data_folder_is_refused(file, name):
    def add(parts):
        manifest = json.loads(parts["manifest.json"])
        digest = manifest["members"][1]["sha256"]
        manifest["members"].append({"name": name, "bytes": 1, "sha256": digest})
        return {**parts, name: parts["secrets.env"], "manifest.json": json.dumps(manifest).encode()}

    with pytest.raises(BackupProblem, match="does not hold what its manifest says"):
        verified(rewritten(file, add))


def test_a_file_that_is_there_is_never_overwritten(file):
    with pytest.raises(BackupProblem, match="is there already"):
        taking.back_up(file, address=address(), data_dir=file.parent, keys=[], now=timezone.now(), say=silent)


def test_what_breaks_while_it_is_written_leaves_no_file(tmp_path):
    target = tmp_path / "kept.zip"
    manifest = archive.Manifest(VERSION, timezone.now().isoformat(), 18, [], {})
    with pytest.raises(ZeroDivisionError), archive.written(target, manifest) as writer:
        writer.add("secrets.env", io.BytesIO(b"half"), say=silent)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_a_newer_version_is_refused(file):
    with archive.read(file) as reader:
        reader.manifest.migrations.append(["routing", "9999_from_tomorrow"])
        with pytest.raises(BackupProblem, match="newer than this one"):
            restoring.refuse_newer(reader.manifest, known=applied.of_the_code())
        reader.manifest.migrations.pop()
        restoring.refuse_newer(reader.manifest, known=applied.of_the_code())
        reader.manifest.leadops = "99.0.0"
        with pytest.raises(BackupProblem, match=r"was made by leadops 99\.0\.0"):
            restoring.refuse_newer(reader.manifest, known=applied.of_the_code())


def test_an_installation_that_holds_something_is_refused_in_words_of_what_would_be_lost(file):
    nobody_else()
    with pytest.raises(
        BackupProblem, match=r"has 1 lead, 1 submission, 7 owners, 2 forms and 1 CRM connection"
    ):
        restoring.refuse_loss(address(), force=False)
    restoring.refuse_loss(address(), force=True)


def test_a_database_that_somebody_works_on_is_refused_even_with_force(file):
    connection.close()
    with psycopg.connect(address()), pytest.raises(BackupProblem, match="The database is in use"):
        restoring.refuse_loss(address(), force=True)


def test_other_encryption_keys_are_noticed(file, tmp_path):
    with archive.read(file) as reader:
        assert restoring.other_keys(reader.manifest, data_dir=tmp_path, given="another")
        assert not restoring.other_keys(reader.manifest, data_dir=tmp_path, given="another,key")


def test_the_command_keeps_a_file_of_one_that_is_running_and_says_what_is_in_it(
    file, tmp_path, settings, capsys
):
    settings.LEADOPS_ENCRYPTION_KEYS = ["key"]
    call_command("backup", str(tmp_path / "by-command.zip"))
    said = capsys.readouterr().out
    assert "1 lead, 1 submission" in said and "only you can read it" in said
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "by-command.zip"))


def test_a_failed_restore_leaves_the_database_as_it_was(file):
    """The dump ends early: what psql has read is never committed."""
    before = make_counts()

    def cut(parts):
        return {**parts, "database.dump": parts["database.dump"][: len(parts["database.dump"]) // 2]}

    with archive.read(rewritten(file, cut)) as reader:
        connection.close()
        with pytest.raises(BackupProblem, match="could not be restored and is as it was"):
            restoring.put_back(reader, address=address(), data_dir=file.parent / "var", say=silent)
    assert make_counts() == before


def make_counts() -> dict[str, int]:
    with psycopg.connect(address()) as asked:
        return database.counts(asked)


def test_what_is_restored_has_the_same_rows_and_files(file, tmp_path):
    before = make_counts()
    shutil.rmtree(tmp_path / "var")
    (tmp_path / "var").mkdir()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE intake_lead SET full_name = 'Somebody Else'")
    connection.close()
    with archive.read(file) as reader:
        restoring.put_back(reader, address=address(), data_dir=tmp_path / "var", say=silent)
    assert make_counts() == before
    with psycopg.connect(address()) as asked:
        assert asked.execute("SELECT full_name FROM intake_lead").fetchall() == [("Jana Weiß",)]
    assert (tmp_path / "var" / "secrets.env").read_text() == "SECRET_KEY=abc\n"
    assert stat.S_IMODE((tmp_path / "var" / "secrets.env").stat().st_mode) == 0o600
