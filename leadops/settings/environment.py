"""What the environment says, and what the data folder of a running `manage.py up` fills in where it says nothing."""

import os
from pathlib import Path

import environ

from leadops.launcher import runfile

BASE_DIR = Path(__file__).resolve().parent.parent.parent

LEADOPS_DATA_DIR = Path(os.environ.get("LEADOPS_DATA_DIR", BASE_DIR / "var")).resolve()

# The environment wins; the data folder fills in what it does not say.
env = environ.Env()
env.ENVIRON = {**runfile.read(LEADOPS_DATA_DIR), **os.environ}
