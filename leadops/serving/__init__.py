"""What stands between the network and Django: whole requests in, whole answers out (docs/decisions/0011)."""
