"""The configuration as a file. Secrets are not in it: only the names of the variables that hold them."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from leadops.configuration.reading import VERSION
from leadops.configuration.sections import SECTIONS

_WIDE = 150
_HEADER = "# leadops configuration as text. `manage.py config apply FILE` makes the database say the same."


def configuration() -> dict[str, Any]:
    """Everything that the database holds, as plain data by section."""
    return {name: section.read() for name, section in SECTIONS.items()}


def written(sections: dict[str, Any]) -> str:
    """YAML: a section is a block, an item stands on one line if it fits."""
    parts = [_HEADER, f"version: {VERSION}"]
    for name, plain in sections.items():
        parts.append("")
        parts.append(_dump({name: plain}))
    return "\n".join(parts).rstrip() + "\n"


def _dump(tree: dict[str, Any]) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_styled(tree, depth=0), out)
    return out.getvalue().rstrip("\n")


def _styled(value: Any, depth: int) -> Any:
    """Depth 0 is the section's name, 1 its content, 2 an item."""
    if isinstance(value, dict):
        table = CommentedMap((key, _styled(item, depth + 1)) for key, item in value.items())
        simple = depth == 1 and not any(isinstance(item, dict | list) for item in value.values())
        if not value or ((depth > 1 or simple) and _length(value) <= _WIDE):
            table.fa.set_flow_style()
        return table
    if isinstance(value, list):
        items = CommentedSeq(_styled(item, depth + 1) for item in value)
        of_items = depth <= 2 and any(isinstance(item, dict) for item in value)
        if not value or (depth > 1 and not of_items and _length(value) <= _WIDE):
            items.fa.set_flow_style()
        return items
    # Without the class of an address, whose text is what may be shown of it.
    return str(value) if isinstance(value, str) else value


def _length(value: Any) -> int:
    """About how long it is on one line."""
    if isinstance(value, dict):
        return 2 + sum(len(str(key)) + 4 + _length(item) for key, item in value.items())
    if isinstance(value, list):
        return 2 + sum(2 + _length(item) for item in value)
    return len(str(value))
