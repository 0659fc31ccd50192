"""Fill, back up while posts come in, wipe, restore: nothing that was answered is lost, and it goes on."""

import json
import shutil
import stat
import threading
import zipfile
from http.client import HTTPConnection
from pathlib import Path

import pytest

from leadops.launcher import home, runfile
from tests.make.installation import Installation, everybody_arrives, people, wait_until

pytestmark = pytest.mark.drill

TABLES = [
    "intake_lead", "intake_submission", "routing_assignment", "routing_historicalassignment", "routing_rotationturn",
    "routing_slaclock", "routing_slastep", "routing_decision", "intake_timelineentry", "crm_sync_crmlink", "auth_user",
]  # fmt: skip


def token_of(installation: Installation) -> str:
    return installation.up.text.split("Authorization: Token ")[1].split()[0]


def lead_count(installation: Installation, token: str) -> int:
    """As the API says it, to the token of the first start."""
    seen, path = 0, "/api/v1/leads?page_size=100"
    while path:
        connection = HTTPConnection("127.0.0.1", installation.up.port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Token {token}"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        page = json.loads(answer.read())
        connection.close()
        seen += len(page["results"])
        path = (page.get("next") or "").partition(f":{installation.up.port}")[2]
    return seen


def rows_of(installation: Installation) -> dict[str, int]:
    return {table: installation.sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def ledger_is_whole(installation: Installation) -> None:
    """No number is missing, and the credits of each rotation sum to nothing."""
    assert not installation.sql(
        "SELECT rotation_id FROM routing_rotationturn GROUP BY 1 HAVING count(*) <> max(number) OR min(number) <> 1"
    )
    assert not installation.sql(
        "SELECT rotation_id FROM routing_rotationmember GROUP BY 1 HAVING sum(credit) <> 0"
    )


def decisions_replay(installation: Installation, *, some: int = 5) -> None:
    for (submission,) in installation.sql(
        "SELECT submission_id FROM routing_decision WHERE submission_id IS NOT NULL ORDER BY at LIMIT %s",
        some,
    ):
        done = installation.up.manage("replay_submission", str(submission))
        assert done.returncode == 0, done.stdout + done.stderr


def command(data_dir: Path, installation: Installation, *words: str):
    """In another terminal, while nothing runs."""
    return installation.up.manage(*words)


def test_an_installation_is_backed_up_while_it_works_wiped_restored_and_goes_on(installation, tmp_path):
    before, meanwhile, after = people(14), people(60, first=14), people(6, first=74)
    token = token_of(installation)
    installation.post_all(before)
    everybody_arrives(installation, before)
    answered: list[str | None] = []
    posting = threading.Thread(target=lambda: answered.extend(installation.post_all(meanwhile, clients=4)))
    posting.start()
    file = tmp_path / "kept.zip"
    made = installation.up.manage("backup", str(file))
    posting.join()
    assert made.returncode == 0, made.stdout + made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(answered)

    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    refused = installation.up.manage("restore", str(file))
    assert refused.returncode == 1 and "leadops already runs on" in refused.stderr, refused.stderr
    installation.up.stop()
    refused = installation.up.manage("restore", str(file))
    assert refused.returncode == 1, refused.stdout
    assert "a restore would replace them" in refused.stderr and " leads, " in refused.stderr, refused.stderr

    home.remove(installation.data_dir)
    shutil.rmtree(installation.data_dir)
    restored = installation.up.manage("restore", str(file))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "Restored what leadops" in restored.stdout

    installation.start()
    there = rows_of(installation)
    # What waited when the backup was made is worked off now, so there is more than then, and never less.
    assert {table: there[table] >= manifest["counts"][table] for table in TABLES} == dict.fromkeys(
        TABLES, True
    )
    assert there["intake_submission"] == manifest["counts"]["intake_submission"]
    everybody_arrives(installation, before)
    wait_until(
        lambda: not installation.sql("SELECT 1 FROM intake_submission WHERE status <> 'handed_off' LIMIT 1"),
        lambda: str(
            installation.sql("SELECT status, reason FROM intake_submission WHERE status <> 'handed_off'")
        ),
    )
    ledger_is_whole(installation)
    decisions_replay(installation)
    assert lead_count(installation, token) == there["intake_lead"]
    installation.post_all(after)
    everybody_arrives(installation, after)
    ledger_is_whole(installation)
    assert runfile.read_file(installation.data_dir / runfile.SECRETS)["SECRET_KEY"]


def test_it_is_backed_up_and_replaced_while_nothing_runs(installation, tmp_path):
    leads = people(4)
    installation.post_all(leads)
    everybody_arrives(installation, leads)
    installation.up.stop()
    file = tmp_path / "kept.zip"
    made = installation.up.manage("backup", str(file))
    assert made.returncode == 0, made.stdout + made.stderr
    replaced = installation.up.manage("restore", str(file), "--force")
    assert replaced.returncode == 0, replaced.stdout + replaced.stderr
    installation.start()
    assert installation.sql("SELECT count(*) FROM intake_lead") == [(4,)]
    everybody_arrives(installation, leads)
