"""What the environment says of signing in is understood or refused in words: a misspelt word never switches something off."""

import os
import subprocess
import sys

import pytest

from tests.structure.repository import BASE


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LEADOPS_SECOND_STEP_FOR", "superuser", "LEADOPS_SECOND_STEP_FOR is superusers or everybody"),
        ("LEADOPS_OIDC_ROLES", "sales=Rep", "LEADOPS_OIDC_ROLES is JSON"),
        ("LEADOPS_OIDC_ROLES", '["sales"]', "LEADOPS_OIDC_ROLES is JSON"),
        ("LEADOPS_OIDC_ROLES", '{"sales": ["Rep"]}', "LEADOPS_OIDC_ROLES is JSON"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(name, value, words):
    done = subprocess.run(
        [sys.executable, "-c", "import leadops.settings.signing_in"],
        cwd=BASE,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and words in done.stderr.splitlines()[-1]
