"""State: one PostgreSQL and one shared cache."""

from typing import Any

from leadops.settings.environment import env

_database: dict[str, Any] = (
    env.db_url("DATABASE_URL")
    if "DATABASE_URL" in env.ENVIRON
    else {"NAME": "leadops", "USER": "leadops", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": "5432"}
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **_database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A planner that believes one JIT compilation pays for a 3 ms query is wrong here.
        # A server that went away without a word is noticed in half a minute, not in hours.
        "OPTIONS": {
            "options": "-c jit=off",
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            **_database.get("OPTIONS", {}),
        },
    }
}

# Where the embedded PostgreSQL keeps its files; "" for one of which we do not know.
LEADOPS_DATABASE_FOLDER: str = env.str("LEADOPS_DATABASE_FOLDER", default="")
# MiB free for it below which people are warned, and below which no leads are taken.
LEADOPS_LITTLE_SPACE: int = env.int("LEADOPS_LITTLE_SPACE", default=1024)
LEADOPS_NO_SPACE: int = env.int("LEADOPS_NO_SPACE", default=100)

CACHE_URL: str = env.str("CACHE_URL", default="redis://127.0.0.1:6379/1")
CACHES = {
    "default": {
        "BACKEND": "plumbing.guarded_cache.GuardedRedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    }
}
