"""Which variables can be named as the place of a secret."""

import pytest

from plumbing import secret_names, secrets

OURS = ["SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "PGPASSWORD",
        "LEADOPS_ENCRYPTION_KEYS", "LEADOPS_ADMIN_PASSWORD", "LEADOPS_API_TOKEN", "LEADOPS_SECRET_NAMES"]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_a_secret_of_our_own_cannot_be_named_even_if_the_setting_lists_it(name, settings):
    settings.LEADOPS_SECRET_NAMES = OURS
    settings.LEADOPS_ENVIRONMENT = {name: "hush"}
    assert secrets.named(name) == ""
    assert "a secret of leadops itself" in secrets.why_not_named(name)


def test_what_may_be_named_is_well_known_or_prefixed_or_listed(settings):
    settings.LEADOPS_SECRET_NAMES = [*settings.LEADOPS_SECRET_NAMES, "ACME_TOKEN"]
    names = [
        "HUBSPOT_TOKEN",
        "TYPEFORM_SECRET",
        "LEADOPS_SECRET_SLACK",
        "ACME_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
    ]
    settings.LEADOPS_ENVIRONMENT = dict.fromkeys(names, "hush")
    assert [name for name in names if secrets.named(name) == "hush"] == names[:-1]
    assert "starts with LEADOPS_SECRET_" in secrets.why_not_named("AWS_SECRET_ACCESS_KEY")


def test_settings_keep_nothing_of_the_environment_that_cannot_be_named():
    environment = {**dict.fromkeys(OURS, "hush"), "HUBSPOT_TOKEN": "for hubspot", "HOME": "/root"}
    assert secret_names.nameable(environment, listed=[*OURS, "HUBSPOT_TOKEN"]) == {
        "HUBSPOT_TOKEN": "for hubspot"
    }
