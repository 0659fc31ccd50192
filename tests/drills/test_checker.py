"""The drill's checker finds nothing wrong where nothing is, and each thing that is."""

import ast
import random
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.drills import checker, hubspot
from tests.drills.deeds import DELETED, GIVEN, Deed
from tests.drills.drill import connected
from tests.drills.installation import KINDS, REMIND_AFTER
from tests.drills.traffic import Traffic, strangers

LEADS = 24
OURS = {"leadops", "crm_sync", "crm_sandbox", "routing", "intake", "exception_queue", "plumbing", "django"}


@pytest.mark.drill
def test_it_finds_nothing_after_kills_and_then_all_that_is_changed_behind_its_back(tmp_path):
    crm = hubspot.HubSpot()
    installation = connected(tmp_path, [crm])
    since = quote(time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
    traffic = Traffic(installation.form, strangers(LEADS), per_second=6, clients=4)
    choose = random.Random(1)

    def findings(deeds=()):
        return checker.check(
            api=installation.api,
            sandbox=installation.sandbox,
            crms=[crm],
            mail=installation.data_dir / "mail",
            posts=traffic.posts,
            weights=installation.weights(),
            since=since,
            sampled=LEADS,
            seed=1,
            say=lambda _: None,
            deeds=deeds,
        )

    try:
        installation.start()
        installation.keep_running()
        assert installation.wait_until_up()
        assert set(KINDS) <= set(installation.processes())
        assert installation.kill("worker", choose=choose)
        assert installation.kill("launcher", choose=choose)
        traffic.run()
        assert checker.wait_until_quiet(
            installation.api, since=since, remind_after=REMIND_AFTER + 5, seconds=180
        ), checker.what_is_left(installation.api, since=since)
        assert installation.restarts == 1
        before = findings()
        assert before.failed == []
        assert before.counts["answered 202"] == before.counts["HubSpot: records"] == LEADS
        assert set(findings(_never_done(traffic)).failed) >= {
            "things that people could not do",
            "HubSpot: made again though people took them away",
            "HubSpot: taken away there and shown as if they stood there",
            "records taken away there that do not ask once",
            "owner is not whom people gave the lead to",
            "HubSpot: owner there is not whom people gave the lead to",
            "HubSpot: owners that went to and fro",
            "changes of owner by people that the history does not tell once",
        }
        _meddle(installation, traffic)
        assert set(findings().failed) >= {
            "lost: answered and not known",
            "HubSpot: leads without a record",
            "HubSpot: records of nobody",
            "HubSpot: owner there is not the owner here",
            "HubSpot: owners that went to and fro",
            "HubSpot: tasks doubled",
            "leads without a mail “New lead”",
        }
        assert findings().wrong["mails sent twice"] == 1
    finally:
        installation.end()


def _never_done(traffic):
    """What nobody has done, so that nothing is as it would be."""
    gone, given = (post.body["email"] for post in traffic.posts[:2])
    return [
        Deed("hubspot", DELETED, gone, "bob@acme.test"),
        Deed("hubspot", GIVEN, given, "bob@acme.test", ("nobody@acme.test",)),
    ]


def _meddle(installation, traffic):
    crm = installation.sandbox
    contacts = hubspot.contacts(crm, properties="email,hubspot_owner_id,leadops_lead_id")
    objects = "/hubspot/crm/v3/objects"
    crm.ask("DELETE", "/control/webhooks")
    gone, robbed, asked_twice = contacts[:3]
    owners = {one["hubspot_owner_id"] for one in contacts} - {robbed["hubspot_owner_id"]}
    assert crm.ask("DELETE", f"/control/hubspot/contacts/{gone['id']}")[0] == 204
    stranger = {"properties": {"email": "nobody@nowhere.example"}}
    assert crm.ask("POST", f"{objects}/contacts", stranger)[0] == 201
    change = {"properties": {"hubspot_owner_id": owners.pop()}}
    assert crm.ask("PATCH", f"/control/hubspot/contacts/{robbed['id']}", change)[0] == 200
    task = {
        "properties": {"hs_task_subject": "Again", "hs_timestamp": "2026-11-26T09:00:00Z"},
        "associations": [
            {
                "to": {"id": asked_twice["id"]},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
            }
        ],
    }
    assert crm.ask("POST", f"{objects}/tasks", task)[0] == 201
    kept, lost = [
        file for file in sorted((installation.data_dir / "mail").iterdir()) if "New lead" in file.read_text()
    ][:2]
    kept.with_name("again.log").write_text(kept.read_text())
    lost.unlink()
    traffic.posts[0].submission = "00000000-0000-4000-8000-000000000000"


def test_the_drill_reads_nothing_of_our_code():
    """Tests that stand beside it may."""
    files = [
        file for file in Path(__file__).parent.glob("*.py") if not file.name.startswith(("test_", "conftest"))
    ]
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name.partition(".")[0] for name in imported} & OURS, file.name
