"""Which rows somebody may look at, and which they may act on. Permissions say what can be done; this says to which rows.

The layers show rows and do not know whose they are. The project package does: settings.LEADOPS_ACCESS names its function,
which takes (user, rows, to) and gives back the very same `rows` where nothing limits them.
"""

from typing import Any, Literal, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from plumbing import dotted

To = Literal["look", "act"]
Row = TypeVar("Row", bound=Model)


def rows_for(user: Any, rows: QuerySet[Row], to: To = "look") -> QuerySet[Row]:
    """Those of `rows` that this user may look at, or act on."""
    found: QuerySet[Row] = dotted.resolve(settings.LEADOPS_ACCESS)(user, rows, to)
    return found


def is_limited(user: Any, model: type[Model], to: To = "look") -> bool:
    """Whether there are rows of this model that are none of theirs. No query on the rows."""
    rows = model._default_manager.all()
    return rows_for(user, rows, to) is not rows


def may(user: Any, model: type[Model], pk: Any, to: To = "look") -> bool:
    """Whether that row is theirs. One query where they are limited, none where not."""
    rows = model._default_manager.all()
    theirs = rows_for(user, rows, to)
    return theirs is rows or theirs.filter(pk=pk).exists()
