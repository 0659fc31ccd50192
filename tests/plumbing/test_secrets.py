import pytest
from cryptography.fernet import Fernet

from plumbing import secrets

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_it_reads_back_what_it_stored(settings):
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW]
    token = secrets.encrypt("geheim ✓")
    assert "geheim" not in token
    assert secrets.decrypt(token) == "geheim ✓"


def test_it_reads_with_an_older_key_and_writes_with_the_newest(settings):
    settings.LEADOPS_ENCRYPTION_KEYS = [OLD]
    old_token = secrets.encrypt("token")
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW, OLD]
    new_token = secrets.encrypt("token")
    assert secrets.decrypt(old_token) == "token"
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW]
    assert secrets.decrypt(new_token) == "token"


def test_it_says_what_to_do_when_the_key_is_gone(settings):
    settings.LEADOPS_ENCRYPTION_KEYS = [OLD]
    token = secrets.encrypt("token")
    settings.LEADOPS_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(secrets.SecretError, match="add the key it was stored with"):
        secrets.decrypt(token)


@pytest.mark.parametrize("keys", [[], ["not a key"]])
def test_it_says_what_is_wrong_with_the_keys(settings, keys):
    settings.LEADOPS_ENCRYPTION_KEYS = keys
    with pytest.raises(secrets.SecretError, match="LEADOPS_ENCRYPTION_KEYS"):
        secrets.encrypt("token")
