from collections.abc import Collection
from typing import Any

from leadops.configuration.schema import Field, Flag, Item, MapOf, Notes, Path, Shape, Text, Whole
from leadops.configuration.section import Items, Saver, Section, columns
from leadops.configuration.sections.conditions import Conditions
from leadops.configuration.sections.stickiness import routing_settings
from routing.models import ScoringRule

_POINTS = Whole(minimum=-1_000_000, maximum=1_000_000)
_RULE = Shape(
    (
        Field("label", Text(120)),
        Field("category", Text(40), ""),
        Field("points", _POINTS),
        Field("when", Conditions()),
        Field("active", Flag(), True),
    )
)
_DISQUALIFY = Shape((Field("reason", Text(120)), Field("when", Conditions()), Field("active", Flag(), True)))


def _hot_above_warm(item: Item, at: Path, notes: Notes) -> None:
    if item.get("hot", 70) <= item.get("warm", 40):
        notes.problem(at, "“hot” must be more than “warm”.")


def _label_once(item: Item, at: Path, notes: Notes) -> None:
    labels = {rule["label"] for rule in item.get("rules", ())}
    for place, rule in enumerate(item.get("disqualify", ())):
        if rule["reason"] in labels:
            notes.problem((*at, "disqualify", place), f"“{rule['reason']}” is the label of a rule already.")


class ScoringSection(Section):
    """Items are "thresholds", "most per category", and one for each rule and each reason to disqualify."""

    name = "scoring"
    ordered = True
    shape = Shape(
        (
            Field(
                "thresholds",
                Shape(
                    (Field("hot", _POINTS, 70, shown=True), Field("warm", _POINTS, 40, shown=True)),
                    _hot_above_warm,
                ),
                {"hot": 70, "warm": 40},
                shown=True,
            ),
            Field("category_caps", MapOf(_POINTS, Text(40)), {}),
            Field("rules", Items(_RULE, keys=("label",)), []),
            Field("disqualify", Items(_DISQUALIFY, keys=("reason",)), []),
        ),
        also=_label_once,
    )

    def read(self) -> Any:
        row = routing_settings()
        rules, disqualify = [], []
        for rule in ScoringRule.objects.order_by("position", "id"):
            shown = {"when": rule.when, "active": rule.active}
            if rule.effect == ScoringRule.Effect.DISQUALIFY:
                disqualify.append({"reason": rule.label, **shown})
            else:
                rules.append({"label": rule.label, "category": rule.category, "points": rule.points, **shown})
        return self.tidy(
            {
                "thresholds": {"hot": row.hot_from, "warm": row.warm_from},
                "category_caps": row.category_caps,
                "rules": rules,
                "disqualify": disqualify,
            }
        )

    def items(self, plain: Any) -> dict[str, Item]:
        return {
            "thresholds": plain.get("thresholds", {}),
            "category caps": plain.get("category_caps", {}),
            **{rule["label"]: {"points": 0, **rule} for rule in plain.get("rules", ())},
            **{rule["reason"]: {"label": rule["reason"], **rule} for rule in plain.get("disqualify", ())},
        }

    def write(self, plain: Any, changed: Collection[str], saver: Saver) -> None:
        if {"thresholds", "category caps"} & set(changed):
            self._write_settings(plain, saver)
        rows = {rule.label: rule for rule in ScoringRule.objects.all()}
        items = self.items(plain)
        for label in changed:
            if label in rows and label not in items:
                rows[label].active = False
                saver.save(rows[label])
        position = 0
        for label, item in items.items():
            if label in ("thresholds", "category caps"):
                continue
            row = rows.get(label) or ScoringRule(label=label)
            before = columns(row)
            if label in changed:
                self._fill(row, item)
            position = row.position = row.position if row.pk and row.position > position else position + 1
            saver.save_if_changed(row, before)

    def _write_settings(self, plain: Any, saver: Saver) -> None:
        settings = routing_settings()
        before = columns(settings)
        thresholds = plain.get("thresholds", {})
        settings.hot_from, settings.warm_from = thresholds.get("hot", 70), thresholds.get("warm", 40)
        settings.category_caps = plain.get("category_caps", {})
        saver.save_if_changed(settings, before)

    def _fill(self, row: ScoringRule, item: Item) -> None:
        disqualifies = "reason" in item
        row.effect = ScoringRule.Effect.DISQUALIFY if disqualifies else ScoringRule.Effect.POINTS
        row.category, row.points = item.get("category", ""), item.get("points", 0)
        row.when, row.active = item["when"], item.get("active", True)
