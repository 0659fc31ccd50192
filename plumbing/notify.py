"""Telling people: e-mail through Django, everything else through Apprise."""

import hashlib
import logging
import re
import smtplib
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote

import apprise
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from plumbing import messengers, private_addresses, secrets
from plumbing.notify_addresses import VARIABLE, StoredAddress, scheme_and_host, whole
from plumbing.private_addresses import PrivateAddress
from plumbing.wire import refuse_in_transaction

# No redirects: what an address leads to is looked at before, not where that points.
_ASSET = apprise.AppriseAsset(http_redirects=False)
_DUMMY = "django.core.mail.backends.dummy.EmailBackend"
# Answers of a service that will not change by asking again.
_FINAL_ERROR = re.compile(r"error[= ]+(400|401|403|404|410)\b")


class NotifyError(Exception):
    """Some of the addresses were not told. `permanent`: trying again without a change is useless for all of
    them.

    `failed` are the addresses to try again; the others have been told.
    """

    def __init__(self, message: str, *, permanent: bool, failed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.failed = tuple(failed)


def check_address(address: str) -> None:
    """Raise NotifyError (permanent) with one plain sentence when nobody can be told at this address.

    `env:NAME` is checked as far as its variable is set. No name server is asked.
    """
    if address.startswith(VARIABLE):
        name = address.removeprefix(VARIABLE)
        if unnameable := secrets.why_not_named(name):
            raise NotifyError(unnameable, permanent=True, failed=[address])
        if not secrets.named(name):
            return
    plain = _whole(address)
    if _is_mail(plain):
        _mailbox(address, plain)
        return
    service, scheme = _service(address, plain)
    host = messengers.own_host(scheme, host=str(service.host), mode=str(getattr(service, "mode", "")))
    try:
        private_addresses.refuse(f"https://{host}:{_port(service)}" if host else "")
    except PrivateAddress as inside:
        raise NotifyError(str(inside), permanent=True, failed=[address]) from inside


def send(*, to: Sequence[str], title: str, body: str, html: str | None = None, key: str = "") -> None:
    """Tell every address in `to`; each gets a message of its own. Raises NotifyError. Never in a transaction.

    `mailto:` is e-mail through settings.EMAIL_BACKEND; `env:NAME` stands for the address in a variable; anything else with
    `://` is an Apprise URL, whole or as it is stored. One address that fails does not keep the others from being told.

    `key` names the message, for ever and on no other installation. Sent twice, because whoever sent it died before
    that was written down, a mail has the same Message-ID, by which mailboxes know it. Other services have no such
    thing: there somebody is told twice.
    """
    refuse_in_transaction("Telling people")
    problems: list[NotifyError] = []
    plain: dict[str, str] = {}
    for address in to:
        try:
            plain[address] = _whole(address)
        except NotifyError as problem:
            problems.append(problem)
    if mails := {address: text for address, text in plain.items() if _is_mail(text)}:
        problems += _send_mails(mails, title=title, body=body, html=html, key=key)
    for address, text in plain.items():
        if address not in mails:
            try:
                _send_to_service(address, text, title=title, body=body)
            except NotifyError as problem:
                problems.append(problem)
    if problems:
        raise NotifyError(
            " ".join(dict.fromkeys(problem.message for problem in problems)),
            permanent=all(problem.permanent for problem in problems),
            failed=[address for problem in problems for address in problem.failed],
        )


def _is_mail(address: str) -> bool:
    return address.strip().lower().startswith("mailto:") and not address.strip().lower().startswith(
        "mailto://"
    )


def _whole(address: str) -> str:
    try:
        plain = whole(address)
    except secrets.SecretError as error:
        raise NotifyError(f"{address}: {error}", permanent=True, failed=[address]) from error
    if not plain:
        raise NotifyError(f"The variable of {address} is not set.", permanent=True, failed=[address])
    return plain


def _mailbox(address: str, plain: str) -> str:
    mailbox = unquote(plain.strip()[len("mailto:") :].partition("?")[0]).strip()
    try:
        validate_email(mailbox)
    except ValidationError as error:
        raise NotifyError(
            f"“{mailbox}” is not an e-mail address.", permanent=True, failed=[address]
        ) from error
    return mailbox


def _service(address: str, plain: str) -> tuple[Any, str]:
    """What Apprise makes of it, and the scheme that it belongs to."""
    service = apprise.Apprise.instantiate(plain, asset=_ASSET) if "://" in plain else None
    if service is None:
        raise NotifyError(
            f"“{_said(address)}” is neither mailto: nor an address that Apprise knows.",
            permanent=True,
            failed=[address],
        )
    own: str = service.url()  # type: ignore[no-untyped-call]
    scheme = own.partition("://")[0].lower()
    if why_not := messengers.why_not(scheme, plain):
        raise NotifyError(why_not, permanent=True, failed=[address])
    return service, scheme


def _port(service: Any) -> int:
    return int(service.port or (443 if service.secure else 80))


def _send_mails(
    mails: Mapping[str, str], *, title: str, body: str, html: str | None, key: str
) -> list[NotifyError]:
    addresses = list(mails)
    if settings.EMAIL_BACKEND == _DUMMY:
        return [NotifyError("No outgoing mail is set up: set EMAIL_URL.", permanent=False, failed=addresses)]
    problems: list[NotifyError] = []
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:
        return [_mail_problem(error, addresses)]
    try:
        for address in addresses:
            try:
                mailbox = _mailbox(address, mails[address])
                message = EmailMultiAlternatives(
                    title, body, to=[mailbox], connection=connection, headers=_known_again(key, mailbox)
                )
                if html is not None:
                    message.attach_alternative(html, "text/html")
                message.send()
            except NotifyError as problem:
                problems.append(problem)
            except Exception as error:
                # Other backends raise errors of their own; one bad address must not keep the rest silent.
                problems.append(_mail_problem(error, [address]))
    finally:
        connection.close()
    return problems


def _known_again(key: str, mailbox: str) -> dict[str, str]:
    """The header by which a mailbox knows a mail that it has got before."""
    if not key:
        return {}
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    whose = hashlib.sha256(mailbox.lower().encode()).hexdigest()[:12]
    return {"Message-ID": f"<{key}.{whose}@{domain}>"}


def _mail_problem(error: Exception, addresses: Sequence[str]) -> NotifyError:
    """Permanent is what the mail server calls so: reply codes from 500 (RFC 5321, 4.2.1)."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            permanent = all(code >= 500 for code, _ in error.recipients.values())
            words = "; ".join(_text(reply) for _, reply in error.recipients.values())
        case smtplib.SMTPResponseException():
            permanent, words = error.smtp_code >= 500, _text(error.smtp_error)
        case BadHeaderError():
            permanent, words = True, str(error)
        case _:
            permanent, words = False, str(error) or type(error).__name__
    return NotifyError(f"The mail could not be sent: {words}", permanent=permanent, failed=addresses)


def _send_to_service(address: str, plain: str, *, title: str, body: str) -> None:
    one, scheme = _service(address, plain)
    if host := messengers.own_host(scheme, host=str(one.host), mode=str(getattr(one, "mode", ""))):
        try:
            messengers.look_up(host, _port(one))
        except PrivateAddress as inside:
            raise NotifyError(f"{_said(address)}: {inside}", permanent=True, failed=[address]) from inside
        except (OSError, UnicodeError) as error:
            raise NotifyError(
                f"{_said(address)} could not be told (the host is not known).",
                permanent=False,
                failed=[address],
            ) from error
    service = apprise.Apprise(asset=_ASSET)
    service.add(one)
    with apprise.LogCapture(level=logging.WARNING) as captured:  # type: ignore[no-untyped-call]
        notified = service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        said = captured.getvalue()
    if not notified:
        raise NotifyError(
            f"{_said(address)} could not be told{_reason(said)}.",
            permanent=bool(_FINAL_ERROR.search(said)),
            failed=[address],
        )


def _reason(said: str) -> str:
    lines = [line.partition(" - ")[2] or line for line in said.strip().splitlines()]
    return f" ({lines[0].strip().rstrip('.')})" if lines else ""


def _said(address: str) -> str:
    """As people may see it: an Apprise URL carries its secrets in the path, and often in the host's place."""
    if isinstance(address, StoredAddress) or address.startswith(VARIABLE):
        return address
    start = scheme_and_host(address)
    return f"{start}…" if start else "the address" if "://" in address else address


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
