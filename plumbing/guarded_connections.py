"""Connections that look where they lead at the moment they are made, so that no answer of a name server comes in between."""

import socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from plumbing.private_addresses import Standing, permitted


class _Looks(HTTPConnection):
    """Raises PrivateAddress where the host is not to be reached; `standing` says why it may be."""

    standing: Standing = "public"

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            found = permitted(name, int(self.port))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        failed: Exception = NewConnectionError(self, f"{name} stands for no address")
        try:
            for number, standing in found:
                # The number that was looked at is the number that is called; certificates are still those of the name.
                self._dns_host = number
                try:
                    made = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failed = error
                else:
                    self.standing = standing
                    return made
        finally:
            self._dns_host = name
        raise failed


class _LooksSecure(_Looks, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Looks


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _LooksSecure


POOLS: dict[str, Any] = {"http": _Pool, "https": _SecurePool}
