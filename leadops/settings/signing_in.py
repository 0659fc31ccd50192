"""How people get in: passwords, a second step, single sign-on (docs/howto/single-sign-on.md)."""

from django.core.exceptions import ImproperlyConfigured

from leadops.settings.environment import env

# Off: the console's own passwords open it to superusers alone, for the day on which the provider does not answer.
LEADOPS_PASSWORD_LOGIN: bool = env.bool("LEADOPS_PASSWORD_LOGIN", default=True)

# Whose password needs a second step: "", "superusers" or "everybody". All others may have one.
LEADOPS_SECOND_STEP_FOR: str = env.str("LEADOPS_SECOND_STEP_FOR", default="")
if LEADOPS_SECOND_STEP_FOR not in ("", "superusers", "everybody"):
    raise ImproperlyConfigured("LEADOPS_SECOND_STEP_FOR is superusers or everybody, or is left out.")
OTP_TOTP_ISSUER = "leadops"

# The provider's address as it names itself; "" without single sign-on.
LEADOPS_OIDC_ISSUER: str = env.str("LEADOPS_OIDC_ISSUER", default="").rstrip("/")
LEADOPS_OIDC_CLIENT_ID: str = env.str("LEADOPS_OIDC_CLIENT_ID", default="")
LEADOPS_OIDC_CLIENT_SECRET: str = env.str("LEADOPS_OIDC_CLIENT_SECRET", default="")
# On the button: "Sign in with ...".
LEADOPS_OIDC_NAME: str = env.str("LEADOPS_OIDC_NAME", default="single sign-on")
LEADOPS_OIDC_SCOPES: str = env.str("LEADOPS_OIDC_SCOPES", default="openid email profile")
LEADOPS_OIDC_GROUPS_CLAIM: str = env.str("LEADOPS_OIDC_GROUPS_CLAIM", default="groups")
# The provider's group -> a role here: the name of a group, or "Superuser".
try:
    LEADOPS_OIDC_ROLES: dict[str, str] = env.json("LEADOPS_OIDC_ROLES", default={})
    assert all(isinstance(role, str) for role in LEADOPS_OIDC_ROLES.values())
except (ValueError, AttributeError, AssertionError) as wrong:
    raise ImproperlyConfigured(
        'LEADOPS_OIDC_ROLES is JSON, as {"sales": "Rep", "admins": "Superuser"}.'
    ) from wrong
# Of e-mail addresses; none: every verified one.
LEADOPS_OIDC_DOMAINS: list[str] = [
    domain.lower().lstrip("@") for domain in env.list("LEADOPS_OIDC_DOMAINS", default=[])
]
# For a provider that verifies all of its addresses and does not say so in each token.
LEADOPS_OIDC_TRUST_EMAIL: bool = env.bool("LEADOPS_OIDC_TRUST_EMAIL", default=False)
# After so long the provider is asked again: who has left it, or a group of it, is out here too.
LEADOPS_OIDC_SESSION_HOURS: float = env.float("LEADOPS_OIDC_SESSION_HOURS", default=10)
