"""What apply says when it is done, and why it has refused."""

from collections import Counter
from collections.abc import Iterable

from leadops.configuration.applying import Applied, ChangedMeanwhile
from leadops.configuration.diffing import Change, lines
from leadops.configuration.reading import Document
from routing.rules.draft_findings import Finding
from routing.rules.publishing import NotPublishable, said

_SINGULAR = {
    "territories": "territory",
    "sla_policies": "SLA policy",
    "value_aliases": "value alias",
    "test_addresses": "test address",
    "scoring": "scoring setting",
    "stickiness": "stickiness setting",
    "account_match": "setting of account matching",
}
_PLURAL = {
    "sla_policies": "SLA policies",
    "scoring": "scoring settings",
    "stickiness": "stickiness settings",
    "account_match": "settings of account matching",
}
_VERBS = {"add": "added", "change": "changed", "deactivate": "deactivated", "order": "put in order"}
# Where the things that findings speak of stand in the file.
_SECTIONS = {
    "rule": "rules",
    "territory": "territories",
    "sla_policy": "sla_policies",
    "rotation": "rotations",
}


def applied(result: Applied) -> str:
    """ "2 rules changed, 1 owner added. Published as version 4." """
    done = _counted(result.changes) or "Nothing to change"
    if result.version is None:
        return f"{done}. There are no rules to publish yet."
    if result.published:
        return f"{done}. Published as version {result.version}."
    return f"{done}. Version {result.version} stays in force."


def refusal(error: ChangedMeanwhile) -> str:
    marked = error.marked
    since = (
        f"since {marked.by} applied or exported it on {marked.at:%Y-%m-%d %H:%M} UTC"
        if marked
        else "and never went through a file"
    )
    return "\n".join(
        [
            f"Nothing was applied: the configuration was changed in the console {since}.",
            *lines(error.changes),
            "Export it first (config export), or apply with --force to let the file win.",
        ]
    )


def not_publishable(error: NotPublishable, name: str, document: Document) -> str:
    found = [
        f"{name}, line {line}: {said(finding)}" if (line := _line(finding, document)) else said(finding)
        for finding in error.findings
        if finding.level == "error"
    ]
    return "\n".join(["Nothing was applied: the rules cannot be published.", *found])


def _counted(changes: Iterable[Change]) -> str:
    counts = Counter((change.section, change.what) for change in changes)
    return ", ".join(
        f"{_things(section, what, count)} {_VERBS[what]}" for (section, what), count in counts.items()
    )


def _things(section: str, what: str, count: int) -> str:
    words = section.replace("_", " ")
    if what == "order":
        return _PLURAL.get(section, words)
    if count == 1:
        return f"1 {_SINGULAR.get(section, words.removesuffix('s'))}"
    return f"{count} {_PLURAL.get(section, words)}"


def _line(finding: Finding, document: Document) -> int | None:
    section = _SECTIONS.get(finding.where.kind, "")
    for place, item in enumerate(document.sections.get(section) or ()):
        if isinstance(item, dict) and item.get("name") == finding.where.name:
            return document.line((section, place))
    return None
