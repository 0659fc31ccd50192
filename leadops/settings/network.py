"""Who we are on the network, and whom we believe."""

from django.core.exceptions import ImproperlyConfigured

from leadops.settings.environment import env
from plumbing import private_addresses

LEADOPS_PORT: int = env.int("LEADOPS_PORT", default=8000)
LEADOPS_BIND: str = env.str("LEADOPS_BIND", default="127.0.0.1")
LEADOPS_SANDBOX_PORT: int = env.int("LEADOPS_SANDBOX_PORT", default=8899)
LEADOPS_PUBLIC_URL: str = env.str("LEADOPS_PUBLIC_URL", default=f"http://127.0.0.1:{LEADOPS_PORT}").rstrip(
    "/"
)
# Certificates by which outgoing calls know their servers; "" for those that come with `requests`.
CA_BUNDLE: str = env.str("REQUESTS_CA_BUNDLE", default="") or env.str("CURL_CA_BUNDLE", default="")
# Hosts (with or without a port) and networks that are not of the public internet and may be called all the same: addresses of
# CRMs and messengers are typed by people. Without the variable, and always in the demo, that is the CRM sandbox.
_sandbox = f"127.0.0.1:{LEADOPS_SANDBOX_PORT}"
LEADOPS_DEMO: bool = env.bool("LEADOPS_DEMO", default=False)
LEADOPS_PRIVATE_ADDRESSES: list[str] = env.list("LEADOPS_PRIVATE_ADDRESSES", default=[_sandbox])
if LEADOPS_DEMO and _sandbox not in LEADOPS_PRIVATE_ADDRESSES:
    LEADOPS_PRIVATE_ADDRESSES.append(_sandbox)
try:
    private_addresses.hosts_of(LEADOPS_PRIVATE_ADDRESSES)
    private_addresses.networks_of(LEADOPS_PRIVATE_ADDRESSES)
except ValueError as error:
    raise ImproperlyConfigured(
        f"LEADOPS_PRIVATE_ADDRESSES takes hosts like crm.internal or 127.0.0.1:8899, and networks like 10.1.0.0/16: {error}."
    ) from error
# Addresses or networks of reverse proxies whose X-Forwarded-For is believed.
LEADOPS_TRUSTED_PROXIES: list[str] = env.list("LEADOPS_TRUSTED_PROXIES", default=[])
# Seconds that the body of a request may take to come in; larger ones a little more (leadops/serving/bodies.py).
LEADOPS_BODY_SECONDS: float = env.float("LEADOPS_BODY_SECONDS", default=10.0)

PUBLIC_HOST = LEADOPS_PUBLIC_URL.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0]
ALLOWED_HOSTS = sorted({PUBLIC_HOST, "127.0.0.1", "localhost", "[::1]"})
CSRF_TRUSTED_ORIGINS = [LEADOPS_PUBLIC_URL]
_https = LEADOPS_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
# A proxy in front of us speaks https; which of the two a client has spoken, it has to say (X-Forwarded-Proto).
_behind_https = _https and bool(LEADOPS_TRUSTED_PROXIES)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_https else None
SECURE_SSL_REDIRECT: bool = env.bool("LEADOPS_HTTPS_REDIRECT", default=_behind_https)
# Load balancers and Prometheus ask this machine itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# Seconds that browsers remember to speak https only; of our own host, not of those below it, which may be anybody's.
SECURE_HSTS_SECONDS: int = env.int("LEADOPS_HSTS_SECONDS", default=365 * 86400 if _https else 0)
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: see above.
    "security.W021",  # Preloading HSTS is for whoever has the whole domain.
]
