"""Secrets that are stored in the database are stored encrypted."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


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
