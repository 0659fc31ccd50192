"""Telling people: e-mail through Django, everything else through Apprise."""

import hashlib
import logging
import re
import smtplib
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import apprise
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from plumbing.wire import refuse_in_transaction

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
    """Raise NotifyError (permanent) with one plain sentence when nobody can be told at this address."""
    if _is_mail(address):
        _mailbox(address)
    else:
        _service(address)


def send(*, to: Sequence[str], title: str, body: str, html: str | None = None, key: str = "") -> None:
    """Tell every address in `to`; each gets a message of its own. Raises NotifyError. Never in a transaction.

    `mailto:` is e-mail through settings.EMAIL_BACKEND; anything else with `://` is an Apprise URL. One
    address that fails does not keep the others from being told.

    `key` names the message, for ever and on no other installation. Sent twice, because whoever sent it died before
    that was written down, a mail has the same Message-ID, by which mailboxes know it. Other services have no such
    thing: there somebody is told twice.
    """
    refuse_in_transaction("Telling people")
    problems: list[NotifyError] = []
    mails = [address for address in to if _is_mail(address)]
    if mails:
        problems += _send_mails(mails, title=title, body=body, html=html, key=key)
    for address in to:
        if not _is_mail(address):
            try:
                _send_to_service(address, title=title, body=body)
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


def _mailbox(address: str) -> str:
    mailbox = unquote(address.strip()[len("mailto:") :].partition("?")[0]).strip()
    try:
        validate_email(mailbox)
    except ValidationError as error:
        raise NotifyError(
            f"“{mailbox}” is not an e-mail address.", permanent=True, failed=[address]
        ) from error
    return mailbox


def _service(address: str) -> Any:
    service = apprise.Apprise.instantiate(address) if "://" in address else None
    if service is None:
        raise NotifyError(
            f"“{_safe(address)}” is neither mailto: nor an address that Apprise knows.",
            permanent=True,
            failed=[address],
        )
    return service


def _send_mails(
    addresses: list[str], *, title: str, body: str, html: str | None, key: str
) -> list[NotifyError]:
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
                mailbox = _mailbox(address)
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


def _send_to_service(address: str, *, title: str, body: str) -> None:
    service = apprise.Apprise()
    service.add(_service(address))
    with apprise.LogCapture(level=logging.WARNING) as captured:  # type: ignore[no-untyped-call]
        notified = service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        said = captured.getvalue()
    if not notified:
        raise NotifyError(
            f"{_safe(address)} could not be told{_reason(said)}.",
            permanent=bool(_FINAL_ERROR.search(said)),
            failed=[address],
        )


def _reason(said: str) -> str:
    lines = [line.partition(" - ")[2] or line for line in said.strip().splitlines()]
    return f" ({lines[0].strip().rstrip('.')})" if lines else ""


def _safe(address: str) -> str:
    """An Apprise URL carries its secrets in the path: only scheme and host are shown."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "the address"
    return f"{parts.scheme}://…" if parts.scheme else address


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
