"""What signs, what encrypts, and the secrets that a configuration names."""

from leadops.settings.environment import env
from plumbing import secret_names

DEBUG: bool = env.bool("LEADOPS_DEBUG", default=False)
# Without a key Django refuses to sign; `manage.py up` generates one into the data folder.
SECRET_KEY: str = env.str("SECRET_KEY", default="")
LEADOPS_ENCRYPTION_KEYS: list[str] = env.list("LEADOPS_ENCRYPTION_KEYS", default=[])
# Of the first admin and the first staff token, for `manage.py prepare`.
LEADOPS_ADMIN_PASSWORD: str = env.str("LEADOPS_ADMIN_PASSWORD", default="")
LEADOPS_API_TOKEN: str = env.str("LEADOPS_API_TOKEN", default="")
# Variables that a configuration may name (`token_env`, `secret_env`) beside those that start with LEADOPS_SECRET_: as people
# who follow their vendor's documentation call them, and what the operator adds.
LEADOPS_SECRET_NAMES: list[str] = [
    "HUBSPOT_TOKEN", "HUBSPOT_WEBHOOK_SECRET", "SALESFORCE_TOKEN", "SALESFORCE_WEBHOOK_SECRET",
    "CALENDLY_SECRET", "CF7_SECRET", "ELEMENTOR_SECRET", "GOOGLE_ADS_SECRET", "GRAVITYFORMS_SECRET", "HUBSPOT_FORM_SECRET",
    "JOTFORM_SECRET", "LINKEDIN_SECRET", "META_SECRET", "TALLY_SECRET", "TYPEFORM_SECRET", "WEBFLOW_SECRET", "WPFORMS_SECRET",
    *env.list("LEADOPS_SECRET_NAMES", default=[]),
]  # fmt: skip
# They are looked up here, where nothing else is.
LEADOPS_ENVIRONMENT: dict[str, str] = secret_names.nameable(env.ENVIRON, listed=LEADOPS_SECRET_NAMES)
