"""Who may read how things stand: whoever may look into operations, and whoever asks from this machine."""

from ipaddress import ip_address

from django.db import DatabaseError
from django.http import HttpRequest

from leadops.api.tokens import may_read_operations
from leadops.client_address import client_address

# Somebody stands between: what looks like this machine may be anybody.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def may_look(request: HttpRequest) -> bool:
    """A login or a token is not believed while the database, which knows them, does not answer."""
    if _is_from_here(request):
        return True
    try:
        return may_read_operations(request)
    except DatabaseError:
        return False


def _is_from_here(request: HttpRequest) -> bool:
    address = client_address(request)
    forwarded = any(name in request.META for name in FORWARDED)
    return address is not None and not forwarded and ip_address(address).is_loopback
