"""What signs, what encrypts, and the secrets that a configuration names."""

from leadops.settings.environment import env

DEBUG: bool = env.bool("LEADOPS_DEBUG", default=False)
# Without a key Django refuses to sign; `manage.py up` generates one into the data folder.
SECRET_KEY: str = env.str("SECRET_KEY", default="")
LEADOPS_ENCRYPTION_KEYS: list[str] = env.list("LEADOPS_ENCRYPTION_KEYS", default=[])
# Of the first admin and the first staff token, for `manage.py prepare`.
LEADOPS_ADMIN_PASSWORD: str = env.str("LEADOPS_ADMIN_PASSWORD", default="")
LEADOPS_API_TOKEN: str = env.str("LEADOPS_API_TOKEN", default="")
# Secrets that the configuration names by variable (`token_env`, `secret_env`) are looked up here.
LEADOPS_ENVIRONMENT: dict[str, str] = dict(env.ENVIRON)
