"""Addresses of people and messengers as they are stored and shown: whoever has a messenger's address can post to it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.crypto import salted_hmac

from plumbing import secrets
from plumbing.messengers import OWN_HOST

MAIL = "mailto:"
VARIABLE = "env:"
_SHOWN = re.compile(r"[a-z0-9]+://([^\s/]+/)?…#[0-9a-f]{8}")


class StoredAddress(str):
    """An address with secrets in it: as text it is what people may see, `sealed` is the whole of it, encrypted.

    The mark at its end tells two addresses of one host apart, and is the same for the same address.
    """

    sealed: str

    def __new__(cls, shown: str, sealed: str) -> "StoredAddress":
        made = super().__new__(cls, shown)
        made.sealed = sealed
        return made


def stored(address: str) -> str:
    """As it is kept in a row: a messenger's address sealed, mailboxes and names of variables as they are. Raises SecretError."""
    if isinstance(address, StoredAddress) or not has_secrets(address):
        return address
    if is_placeholder(address):
        raise ValueError(f"“{address}” is only how an address is shown.")
    return StoredAddress(shown(address), secrets.encrypt(address))


def has_secrets(address: str) -> bool:
    plain = address.strip().lower()
    return "://" in plain and not (plain.startswith(MAIL) and not plain.startswith(f"{MAIL}//"))


def is_placeholder(address: str) -> bool:
    """Whether this is how an address is shown, and not the address."""
    return not isinstance(address, StoredAddress) and bool(_SHOWN.fullmatch(address))


def whole(address: str) -> str:
    """The address itself, to be sent to and shown to nobody. Raises SecretError."""
    if isinstance(address, StoredAddress):
        return secrets.decrypt(address.sealed)
    if address.startswith(VARIABLE):
        return secrets.named(address.removeprefix(VARIABLE))
    return address


def shown(address: str) -> str:
    """Scheme, and the host where it is no secret: json://chat.example.com/…#1a2b3c4d."""
    mark = salted_hmac("plumbing.notify_addresses", address).hexdigest()[:8]
    return f"{scheme_and_host(address)}…#{mark}"


def scheme_and_host(address: str) -> str:
    """ "json://chat.example.com/", "slack://"; "" for what has no scheme."""
    scheme, found, rest = address.strip().partition("://")
    scheme = scheme.lower()
    if not found or not re.fullmatch(r"[a-z0-9]+", scheme):
        return ""
    try:
        host = urlsplit(f"//{rest}").netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    is_host = (scheme in OWN_HOST or scheme in ("http", "https")) and re.fullmatch(r"[\w.:\[\]-]+", host)
    return f"{scheme}://{host}/" if is_host else f"{scheme}://"


def kept(given: Iterable[str], *, among: Sequence[str]) -> list[str]:
    """What was typed, with the stored address wherever one was left as it is shown. Raises ValueError with a sentence."""
    known = {str(address): address for address in among if isinstance(address, StoredAddress)}
    found = [known.get(address, address) for address in given]
    for address in found:
        if is_placeholder(address):
            raise ValueError(
                f"“{address}” stands for an address that is not stored here: enter the whole address."
            )
    return found


class AddressesField(models.JSONField):
    """A list of addresses; those with secrets are sealed as soon as they are assigned, also in history rows."""

    @property
    def descriptor_class(self) -> type[DeferredAttribute]:  # type: ignore[override]
        return _Addresses

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return from_json(super().from_db_value(value, expression, connection))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(as_json(value), connection, prepared)

    def value_to_string(self, obj: models.Model) -> Any:
        return as_json(self.value_from_object(obj))


class _Addresses(DeferredAttribute):
    def __set__(self, instance: models.Model, value: Any) -> None:
        if isinstance(value, list | tuple):
            value = [stored(each) if isinstance(each, str) else each for each in from_json(list(value))]
        instance.__dict__[self.field.attname] = value


def as_json(value: Any) -> Any:
    """[{"shown": ..., "sealed": ...}, "mailto:..."]"""
    if not isinstance(value, list | tuple):
        return value
    return [
        {"shown": str(each), "sealed": each.sealed} if isinstance(each, StoredAddress) else each
        for each in map(_stored_or_as_it_is, value)
    ]


def from_json(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        StoredAddress(each["shown"], each["sealed"]) if isinstance(each, dict) and "sealed" in each else each
        for each in value
    ]


def _stored_or_as_it_is(each: Any) -> Any:
    return stored(each) if isinstance(each, str) else each
