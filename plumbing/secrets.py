"""Secrets that are stored in the database are stored encrypted; others stay in the environment and are named by variable."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from plumbing import secret_names


class SecretError(Exception):
    """One plain sentence: why a secret cannot be stored or read."""


def encrypt(text: str) -> str:
    """A token that only the holder of one of settings.LEADOPS_ENCRYPTION_KEYS can read; the newest key is used."""
    return _fernet(tuple(settings.LEADOPS_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text behind a token, whichever of the keys it was made with. Raises SecretError."""
    try:
        return _fernet(tuple(settings.LEADOPS_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise SecretError(
            "A stored secret cannot be read with the present LEADOPS_ENCRYPTION_KEYS: "
            "add the key it was stored with, or enter the secret again."
        ) from error


def rotated(token: str) -> str:
    """The same secret with the newest key; the same token where it has that key already. Raises SecretError."""
    return token if has_newest_key(token) else encrypt(decrypt(token))


def has_newest_key(token: str) -> bool:
    try:
        _fernet(tuple(settings.LEADOPS_ENCRYPTION_KEYS[:1])).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def named(variable: str) -> str:
    """The secret in a variable of the environment; "" where it is not set, or may not be named."""
    environment: dict[str, str] = settings.LEADOPS_ENVIRONMENT
    return environment.get(variable, "") if variable and not why_not_named(variable) else ""


def why_not_named(variable: str) -> str:
    """One sentence: why a configuration may not name this variable; "" where it may."""
    if secret_names.may_be_named(variable, listed=settings.LEADOPS_SECRET_NAMES):
        return ""
    if secret_names.is_ours(variable):
        return f"{variable} is a secret of leadops itself and cannot be used here."
    return (
        f"{variable} is not a variable that may hold a secret for others: give it a name that starts with "
        f"{secret_names.PREFIX}, or have it added to {secret_names.SETTING}."
    )


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise SecretError(
            "LEADOPS_ENCRYPTION_KEYS is empty: set at least one key (`manage.py up` makes one)."
        )
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SecretError(
            "LEADOPS_ENCRYPTION_KEYS holds something that is not a key: 32 url-safe base64 bytes each."
        ) from error
