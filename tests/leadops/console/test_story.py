"""The timeline in words: every verb has its sentence, and one that nobody told us about can be read too."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils.html import strip_tags

from intake.models import TimelineEntry
from leadops.console.lead import story
from tests import make

AT = datetime(2026, 3, 2, 14, 2, 7, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


def notified(verb, data, *, actor="", source="pipeline"):
    entry = TimelineEntry(at=AT, verb=verb, data=data, actor=actor, source=source)
    (one,) = story.tell([entry], connections={"hubspot": "HubSpot"}, opens_submissions=True)
    return one


def words(verb, data, **more):
    one = notified(verb, data, **more)
    return " | ".join(strip_tags(text) for text in [one.says, *one.details])


def test_it_tells_a_submission_with_what_was_translated():
    data = {
        "form": "demo-request",
        "utm": {"utm_source": "google", "utm_campaign": "spring"},
        "changes": [
            {"field": "country", "from": "Deutschland", "to": "DE"},
            {"field": "privacy_consent", "from": "yes", "to": True},
        ],
        "enriched": ["industry"],
        "unchecked": True,
    }
    said = words("intake.submitted", data, actor="Website demo request", source="form")
    assert said == (
        "Submitted: Website demo request (google / spring) | Country: Deutschland → DE"
        " | Filled in from what we know of the company: industry | Routed unchecked: a check stayed open."
    )


@pytest.mark.parametrize(
    ("verb", "data", "said"),
    [
        ("routing.assigned", {"to": {"owner": "e@x", "name": "Eva Ernst"}, "reason": "DACH", "turn": 17},
         "Assigned to Eva Ernst (DACH, turn 17)"),
        ("routing.assigned", {"to": {"queue": "Triage", "name": "Triage"}, "reason": "No rule matched"},
         "Went to the queue Triage (No rule matched)"),
        ("routing.reassigned", {"to": {"name": "Eva Ernst"}, "from": {"name": "Bob Burke"}, "reason": "Late"},
         "Moved from Bob Burke to Eva Ernst (Late)"),
        ("routing.breached", {"policy": "Hot leads"}, "Overdue: nobody had answered (“Hot leads”)"),
        ("routing.notified", {"to": "Eva Ernst", "by": "e-mail", "label": "New lead", "crm_behind": True},
         "Told Eva Ernst by e-mail: new lead | The CRM did not show the owner yet."),
        ("routing.contacted", {"by": "Eva", "evidence": "verified", "in_time": True, "at": ""},
         "Contacted by Eva (seen in the CRM, in time)"),
        ("crm_sync.created", {"connection": "hubspot", "record": "51", "owner": ""},
         "Written to HubSpot: #51 | Without an owner there."),
        ("crm_sync.duplicate_decided", {"connection": "hubspot", "record": "51"},
         "Is #51 in HubSpot, a person said"),
        ("crm_sync.duplicate_decided", {"connection": "hubspot", "record": ""},
         "Not the same as anybody in HubSpot, a person said: it gets a record of its own"),
        ("intake.status_changed", {"from": "new", "to": "contacted"}, "New → Contacted"),
    ],
)  # fmt: skip
def test_it_says_what_happened(verb, data, said):
    assert words(verb, data) == said


def test_it_says_who_did_it_and_where():
    data = {"to": {"name": "Eva"}, "from": {"name": "Bob"}, "reason": ""}
    assert (
        notified("routing.reassigned", data, actor="Maria Mann", source="console").by
        == "Maria Mann in the console"
    )
    assert (
        notified("routing.reassigned", data, actor="maria@acme.test", source="hubspot").by
        == "maria@acme.test in HubSpot"
    )
    assert notified("routing.assigned", data, actor="Website demo request", source="pipeline").by == ""


def test_it_reads_a_verb_that_it_does_not_know():
    said = words(
        "crm_sync.lost_and_found", {"where": "in a list", "times": 2, "list": ["a", "b"], "gone": True}
    )
    assert said == "Lost and found | Where: in a list | Times: 2 | List: a, b | Gone: yes"


def test_it_lets_nothing_that_people_typed_become_markup():
    one = notified(
        "intake.edited",
        {"fields": [{"field": "company", "label": "Company", "from": "<b>", "to": "<script>"}]},
    )
    assert "<script>" not in str(one.details[0])
    assert "&lt;script&gt;" in str(one.details[0])


def verbs_in(tree):
    """Texts that are given as a verb: verb="…", verb = "…" if … else "…", self._note("…", …)."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.keyword) and node.arg == "verb") or (
            isinstance(node, ast.Assign)
            and any(isinstance(to, ast.Name) and to.id == "verb" for to in node.targets)
        ):
            given = node.value
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_note"
        ):
            given = node.args[0]
        else:
            continue
        for part in ast.walk(given):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                yield part.value


def test_it_has_a_sentence_for_every_verb_that_the_floors_write():
    written = {
        verb
        for layer in ("intake", "routing", "crm_sync")
        for path in (ROOT / layer).rglob("*.py")
        if "migrations" not in path.parts
        for verb in verbs_in(ast.parse(path.read_text()))
    }
    assert {"intake.submitted", "intake.status_changed", "routing.reassigned", "crm_sync.created"} <= written
    assert not sorted(written - set(story._TELLERS))


def test_a_whole_life_reads_without_holes(acme):
    lead = make.handed_off()
    entries = list(TimelineEntry.objects.filter(lead=lead))
    said = [strip_tags(one.says) for one in story.tell(entries, connections={}, opens_submissions=True)]
    assert said[:3] == ["Submitted: Website demo request", "Scored 75: hot", f"Assigned to {said[2][12:]}"]
    assert not any("None" in text for text in said)
