"""Addresses of messengers are secrets: whoever has one can post there."""

import json

import pytest

from plumbing import notify, notify_addresses
from plumbing.notify import NotifyError
from plumbing.notify_addresses import StoredAddress, as_json, from_json, kept, shown, stored, whole
from tests.plumbing.server import serve

HOOK = "json://bot:S3cretT0ken@chat.example.com:8443/crm"


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        (HOOK, "json://chat.example.com:8443/…#"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack://…#"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544", "tgram://…#"),
        (
            "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "https://hooks.slack.com/…#",
        ),
        ("json://u:p@[::1]:80/secret", "json://[::1]:80/…#"),
        ("json://we,ird/secret", "json://…#"),
    ],
)
def test_only_scheme_and_host_of_an_address_are_seen_and_no_host_that_is_a_token(address, seen):
    kept_ = stored(address)
    assert isinstance(kept_, StoredAddress)
    assert kept_.startswith(seen) and len(kept_) == len(seen) + 8
    assert str(kept_) == shown(address) != shown(address + "2")
    assert whole(kept_) == address
    assert json.dumps([kept_]) == json.dumps([shown(address)])


@pytest.mark.parametrize("address", ["mailto:ops@acme.test", "env:LEADOPS_SECRET_CHAT"])
def test_a_mailbox_and_the_name_of_a_variable_are_no_secrets(address):
    assert as_json([stored(address)]) == [address]


def test_a_row_holds_the_address_encrypted_and_gives_it_back():
    (row,) = as_json([HOOK])
    assert set(row) == {"shown", "sealed"}
    assert "S3cret" not in json.dumps(row)
    (again,) = from_json([row])
    assert (str(again), whole(again)) == (shown(HOOK), HOOK)


def test_a_line_that_stays_as_it_is_shown_keeps_the_address():
    here = stored(HOOK)
    again = kept([shown(HOOK), "mailto:ops@acme.test"], among=[here])
    assert [whole(each) for each in again] == [HOOK, "mailto:ops@acme.test"]
    with pytest.raises(ValueError, match="is not stored here: enter the whole address"):
        kept([shown(HOOK)], among=[])
    with pytest.raises(ValueError, match="only how an address is shown"):
        stored(shown(HOOK))


def test_a_variable_holds_the_address_and_its_value_is_never_said(settings):
    settings.LEADOPS_ENVIRONMENT = {"LEADOPS_SECRET_CHAT": "not an address but a secret"}
    for address, why in (
        ("env:LEADOPS_SECRET_CHAT", "neither mailto: nor an address"),
        ("env:SECRET_KEY", "a secret of leadops itself"),
    ):
        with pytest.raises(NotifyError, match=why) as caught:
            notify.check_address(address)
        assert "not an address but" not in str(caught.value)
    with pytest.raises(NotifyError, match="env:LEADOPS_SECRET_OTHER is not set"):
        notify.send(to=["env:LEADOPS_SECRET_OTHER"], title="T", body="B")
    with serve(lambda request: request.answer(200, b"{}")) as server:
        settings.LEADOPS_ENVIRONMENT = {"LEADOPS_SECRET_CHAT": f"json://127.0.0.1:{server.port}/hook"}
        notify.send(to=["env:LEADOPS_SECRET_CHAT"], title="T", body="B")
    assert [seen.path for seen in server.seen] == ["/hook"]


def test_a_stored_address_is_told_and_named_by_its_beginning_when_that_fails():
    with serve(lambda request: request.answer(404, b"hush")) as server:
        address = stored(f"json://bot:S3cretT0ken@127.0.0.1:{server.port}/crm")
        with pytest.raises(NotifyError, match="404") as caught:
            notify.send(to=[address, "mailto:ops@acme.test"], title="T", body="B")
    assert server.seen[0].path == "/crm"
    assert "S3cret" not in str(caught.value) and str(address) in str(caught.value)
    assert [type(each) for each in caught.value.failed] == [StoredAddress]


@pytest.mark.parametrize(
    "address",
    [
        "exec://ls", "file:///tmp/x", "dbus://", "syslog://", "windows://", "mailtos://u:p@smtp.internal", "apprise://h/tok",
        "mqtt://h/topic", "zulip://bot@org.evil.test/a6k4TzEE0qJH0hRsJxSAnJwx6bGvGGBP/", "rsyslog://h/tok",
        "json://h.test/?template=/etc/passwd", "workflows://h.test:443/a/b?Template=/etc/passwd",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd", "json://h.test/?redirect=yes",
    ],
)  # fmt: skip
def test_what_is_no_telling_or_opens_a_file_is_refused(address):
    with pytest.raises(NotifyError) as caught:
        notify.check_address(address)
    assert caught.value.permanent


def test_no_log_repeats_an_address(capfd):
    with serve(lambda request: request.answer(404, b"hush")) as server:
        for address in (
            "exec://bot:S3cretT0ken@h",
            f"json://bot:S3cretT0ken@127.0.0.1:{server.port}/S3cretPath",
        ):
            with pytest.raises(NotifyError) as caught:
                notify.send(to=[address], title="T", body="B")
            assert "S3cret" not in str(caught.value)
    assert "404" in str(caught.value)
    assert "S3cret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("allowed", [[], ["127.0.0.1"]])
def test_a_messenger_inside_is_told_only_where_that_is_allowed(settings, allowed):
    settings.LEADOPS_PRIVATE_ADDRESSES = allowed
    with serve(lambda request: request.answer(200, b"{}")) as server:
        for host in ("127.0.0.1", "2130706433"):
            address = f"json://{host}:{server.port}/hook"
            if allowed:
                notify.send(to=[address.replace("2130706433", "127.0.0.1")], title="T", body="B")
                continue
            with pytest.raises(NotifyError, match="LEADOPS_PRIVATE_ADDRESSES"):
                notify.send(to=[address], title="T", body="B")
        if not allowed:
            with pytest.raises(NotifyError, match="LEADOPS_PRIVATE_ADDRESSES"):
                notify.check_address(f"json://127.0.0.1:{server.port}/hook")
    assert len(server.seen) == (2 if allowed else 0)


def test_a_redirect_of_a_messenger_is_not_followed():
    with (
        serve(lambda request: request.answer(200, b"{}")) as inside,
        serve(lambda request: request.answer(302, b"", {"Location": inside.url})) as server,
        pytest.raises(NotifyError),
    ):
        notify.send(to=[f"json://127.0.0.1:{server.port}/hook"], title="T", body="B")
    assert inside.seen == []


def test_no_vendors_host_is_looked_up(monkeypatch):
    """It is a token, and name servers are told what is looked up."""
    monkeypatch.setattr(notify.messengers, "look_up", lambda *args: pytest.fail("looked up"))
    monkeypatch.setattr(notify.apprise.Apprise, "notify", lambda *args, **kwargs: True)
    for address in (
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "ntfy://topic",
        "tgram://123456789:abcdefg_hijklmnop/1",
    ):
        notify.send(to=[address], title="T", body="B")
    assert notify_addresses.has_secrets("ntfy://topic")
