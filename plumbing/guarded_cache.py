"""The shared cache, behind a breaker: one that is down or hangs costs its first callers half a second, and nobody after them.

Every operation can raise. What is in the cache can be done without, so each caller says what it does then.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Late

from plumbing.breaker import Breaker


@cache
def breaker_of(location: str) -> Breaker:
    return Breaker("The cache")


def _guarded(operation: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(operation)
    def guarded(self: "GuardedRedisCache", *args: Any, **kwargs: Any) -> Any:
        with self.breaker.asking(Unreachable, Late, OSError):
            return operation(self, *args, **kwargs)

    return guarded


class GuardedRedisCache(RedisCache):
    """Django's, for Redis and Valkey. Raises `plumbing.breaker.AtRest` while it is not asked."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.breaker = breaker_of(str(server))

    add = _guarded(RedisCache.add)
    get = _guarded(RedisCache.get)
    set = _guarded(RedisCache.set)
    touch = _guarded(RedisCache.touch)
    delete = _guarded(RedisCache.delete)
    get_many = _guarded(RedisCache.get_many)
    has_key = _guarded(RedisCache.has_key)
    incr = _guarded(RedisCache.incr)
    set_many = _guarded(RedisCache.set_many)
    delete_many = _guarded(RedisCache.delete_many)
    clear = _guarded(RedisCache.clear)
