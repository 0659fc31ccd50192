"""Addresses of messengers in a configuration file."""

import json

import pytest

from leadops.models import ConfigurationMark
from plumbing.notify_addresses import shown, whole
from routing.models import Team

HOOK = "json://bot:S3cretT0ken@chat.example.com/crm"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
FILE = "teams: [{{name: Ops, notify: [{}]}}]\n"

pytestmark = pytest.mark.django_db


def test_a_file_gives_addresses_and_no_answer_repeats_them(config):
    text = FILE.format(f'"{HOOK}", "{SLACK}", "mailto:ops@acme.test", "env:LEADOPS_SECRET_CHAT"')
    said = config.diff(text)[1]
    config.apply(text)
    assert config.diff(text) == (0, "")
    assert [whole(each) for each in Team.objects.get().notify[:3]] == [HOOK, SLACK, "mailto:ops@acme.test"]
    exported = config.export()
    mark = json.dumps(ConfigurationMark.objects.get().configuration)
    for told in (said, exported, mark, *config.errors, str(Team.history.values_list("notify", flat=True))):
        assert "S3cret" not in told and "TIiajk" not in told
    assert shown(HOOK) in exported and "env:LEADOPS_SECRET_CHAT" in exported


def test_an_exported_file_keeps_what_is_stored(config):
    config.apply(FILE.format(f'"{HOOK}"'))
    exported = next(part for part in config.export().split("\n\n") if part.startswith("teams:"))
    assert config.diff(exported) == (0, "")
    config.apply(exported)
    assert [whole(each) for each in Team.objects.get().notify] == [HOOK]
    Team.objects.update(notify=[])
    assert f"“{shown(HOOK)}” stands for an address that is not stored here" in config.refusal(
        exported, "--force"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("exec://ls", "neither mailto: nor an address that Apprise knows"),
        ("mailtos://u:p@smtp.internal", "mailtos:// is not offered here"),
        ("json://10.0.0.1/x", "LEADOPS_PRIVATE_ADDRESSES"),
        ("json://h.test/?template=/etc/passwd", "would open a file of this machine"),
        ("env:SECRET_KEY", "a secret of leadops itself"),
        ("mailto:nobody", "is not an e-mail address"),
        ("carrier-pigeon", "write mailto:name@example.com"),
    ],
)
def test_a_file_may_name_what_the_console_takes_and_no_more(config, address, why):
    said = config.refusal(FILE.format(f'"{address}"'))
    assert why in said and "line 1" in said
