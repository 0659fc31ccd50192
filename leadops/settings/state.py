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
        "OPTIONS": {"options": "-c jit=off", "connect_timeout": 5, **_database.get("OPTIONS", {})},
    }
}

CACHE_URL: str = env.str("CACHE_URL", default="redis://127.0.0.1:6379/1")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    }
}
