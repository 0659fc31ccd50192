"""Value aliases as one mapping, read once per batch."""

from intake.models import ValueAlias
from intake.values.normalize import FoldedAliases, fold_aliases


def load() -> FoldedAliases:
    """field -> {raw, folded -> canonical}; one query."""
    aliases: dict[str, dict[str, str]] = {}
    for field, raw, canonical in ValueAlias.objects.filter(active=True).values_list(
        "field", "raw", "canonical"
    ):
        aliases.setdefault(field, {})[raw] = canonical
    return fold_aliases(aliases)
