"""One login per connection, shared by all processes and renewed by one of them: a CRM counts logins.

Who finds the token refused says which; if another one is stored by then, that is the answer.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db.models import Q
from django.db.models.functions import Now

from crm_sync.connectors.access import Credentials, Login
from crm_sync.models import CrmConnection, CrmLogin
from plumbing import secrets
from plumbing.http import Transient

LogIn = Callable[[str, Credentials], Login]

# Longer than a login takes; then somebody else tries.
_RENEWING = timedelta(seconds=12)
_LOOK_EVERY_SECONDS = 0.1


def current(
    connection: CrmConnection, log_in: LogIn, credentials: Credentials, *, refused: str = ""
) -> Login:
    """The stored login, unless it has the token that was `refused`: then a new one. Raises RemoteError, SetupProblem."""
    made_from = _made_from(connection.address, credentials)
    deadline = time.monotonic() + _RENEWING.total_seconds()
    is_ours = False
    while time.monotonic() < deadline:
        # Looked at once more when it is ours to log in: somebody may have finished in between.
        known = _stored(connection.pk, made_from)
        if known is not None and known.token != refused:
            if is_ours:
                _let_go(connection.pk)
            return known
        if is_ours:
            return _renew(connection, log_in, credentials, made_from=made_from)
        is_ours = _take(connection.pk)
        if not is_ours:
            time.sleep(_LOOK_EVERY_SECONDS)
    raise Transient("Somebody else is logging in, and has not finished.", ambiguous=False)


def account_of(connection: CrmConnection) -> str:
    """Whose the CRM is, as its last login said; "" before the first one. One query."""
    rows = CrmLogin.objects.filter(connection=connection)
    return rows.values_list("account", flat=True).first() or ""


def _renew(connection: CrmConnection, log_in: LogIn, credentials: Credentials, *, made_from: str) -> Login:
    rows = CrmLogin.objects.filter(connection=connection)
    try:
        login = log_in(connection.address, credentials)
    except Exception:
        _let_go(connection.pk)
        raise
    rows.update(
        token=secrets.encrypt(login.token),
        address=login.address,
        us=login.us,
        account=login.account,
        made_from=made_from,
        made_at=datetime.now(UTC),
        renewing_until=None,
    )
    return login


def _stored(connection_id: int, made_from: str) -> Login | None:
    row = CrmLogin.objects.filter(connection=connection_id, made_from=made_from).first()
    if row is None or not row.token:
        return None
    try:
        return Login(secrets.decrypt(row.token), row.address, row.us, row.account)
    except secrets.SecretError:
        # The key that it was stored with is gone: another login costs nothing.
        return None


def _take(connection_id: int) -> bool:
    """Whether it is ours to log in."""
    CrmLogin.objects.bulk_create([CrmLogin(connection_id=connection_id)], ignore_conflicts=True)
    free = Q(renewing_until__isnull=True) | Q(renewing_until__lte=Now())
    taken = CrmLogin.objects.filter(free, connection=connection_id)
    return bool(taken.update(renewing_until=Now() + _RENEWING))


def _let_go(connection_id: int) -> None:
    CrmLogin.objects.filter(connection=connection_id).update(renewing_until=None)


def _made_from(address: str, credentials: Credentials) -> str:
    parts = (address, credentials.client_id, credentials.username, credentials.secret)
    return sha256("\x1f".join(parts).encode()).hexdigest()
