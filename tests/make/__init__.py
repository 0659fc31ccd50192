"""Builders, by topic. What tests of every layer need stands here too: `from tests import make`, `make.handed_off()`."""

from tests.make.configuration import acme
from tests.make.people import american, crowd, person
from tests.make.posts import HOST, handed_off, posted, submitted

__all__ = ["HOST", "acme", "american", "crowd", "handed_off", "person", "posted", "submitted"]
