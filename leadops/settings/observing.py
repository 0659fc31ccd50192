"""Logs and metrics."""

from leadops.logs import logging_config
from leadops.settings.environment import env

LOGGING = logging_config(
    level=env.str("LEADOPS_LOG_LEVEL", default="INFO"),
    as_json=env.bool("LEADOPS_LOG_JSON", default=False),
)
# Asked for once a minute while everything runs, so that somebody outside notices when nobody inside can.
LEADOPS_HEARTBEAT_URL: str = env.str("LEADOPS_HEARTBEAT_URL", default="")
PROMETHEUS_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, float("inf"))
PROMETHEUS_EXPORT_MIGRATIONS = False
# Where the processes of this machine write their counters; "" where there is only one.
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
