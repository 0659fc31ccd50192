from typing import Any

from leadops.configuration.schema import Choice, Field, Flag, Item, ListOf, Shape, Text, Whole
from leadops.configuration.section import CHANGE_REASON, Items, Reference, RowSection, Saver, Weight
from leadops.configuration.sections.owners import TEAM
from leadops.configuration.sections.targets import Target
from leadops.configuration.sections.teams import OWNER
from routing.engine.rotation_state import MAX_LEADS_AHEAD
from routing.models import Queue, Rotation
from routing.rotations.membership import Member, set_members

FALLBACK = Rotation.WhenEmpty.FALLBACK.value
_MEMBER = Shape(
    (Field("owner", OWNER), Field("weight", Weight(), 1, shown=True), Field("active", Flag(), True))
)
_QUEUE, _ROTATION = Reference("queues", Queue), Reference("rotations", Rotation)


class Rotations(RowSection):
    name = "rotations"
    model = Rotation
    item = Shape(
        (
            Field("name", Text(120)),
            Field("team", TEAM, None),
            Field(
                "calendar_policy", Choice(tuple(Rotation.CalendarPolicy.values)), "on_duty_first", shown=True
            ),
            Field("overflow_to_off_duty", Flag(), False),
            Field(
                "when_empty",
                Target((FALLBACK, "hold", "assign_anyway"), ("rotation", "queue")),
                FALLBACK,
                late=True,
            ),
            Field("required_skills", ListOf(Text()), []),
            Field("specialist_leads", Choice(tuple(Rotation.SpecialistLeads.values)), "count"),
            Field("max_leads_ahead", Whole(0, 1000), MAX_LEADS_AHEAD),
            Field("members", Items(_MEMBER, keys=("owner",)), []),
            Field("active", Flag(), True),
        )
    )

    def rows(self) -> Any:
        return super().rows().select_related("team", "when_empty_rotation", "when_empty_queue")

    def show(self, row: Any) -> Item:
        when_empty = row.when_empty
        if when_empty == Rotation.WhenEmpty.ROTATION:
            when_empty = f"rotation:{row.when_empty_rotation}"
        elif when_empty == Rotation.WhenEmpty.QUEUE:
            when_empty = f"queue:{row.when_empty_queue}"
        return {
            "name": row.name,
            "team": row.team and row.team.name,
            "calendar_policy": row.calendar_policy,
            "overflow_to_off_duty": row.overflow_to_off_duty,
            "when_empty": when_empty,
            "required_skills": row.required_skills,
            "specialist_leads": row.specialist_leads,
            "max_leads_ahead": row.max_leads_ahead,
            "members": self._members(row) if row.pk else [],
            "active": row.active,
        }

    def comparable(self, item: Item) -> Item:
        members = {m["owner"]: m.get("weight", 1) for m in item.get("members", ()) if m.get("active", True)}
        return {**item, "members": members}

    def fill(self, row: Any, item: Item, fields: Any) -> None:
        super().fill(row, item, [known for known in fields if known.name not in ("members", "when_empty")])
        if any(known.name == "when_empty" for known in fields):
            word, _, name = item.get("when_empty", FALLBACK).partition(":")
            row.when_empty = word
            row.when_empty_rotation = _ROTATION.to_row(name) if word == "rotation" else None
            row.when_empty_queue = _QUEUE.to_row(name) if word == "queue" else None

    def write_children(self, row: Any, item: Item, saver: Saver) -> None:
        # Through the writer that keeps the credits in balance; whoever left stays as a row, switched off.
        members = {m.owner_id: Member(m.owner_id, m.weight, active=False) for m in row.members.all()}
        for wanted in item.get("members", ()):
            full = _MEMBER.full(wanted)
            owner = OWNER.to_row(full["owner"])
            members[owner.pk] = Member(owner.pk, Weight().to_row(full["weight"]), full["active"])
        set_members(row, list(members.values()), now=saver.now, user=saver.user, reason=CHANGE_REASON)

    def _members(self, row: Any) -> list[Item]:
        members = row.members.select_related("owner").order_by("id")
        return [
            {
                "owner": member.owner.email.lower(),
                "weight": Weight().from_row(member.weight),
                "active": member.active,
            }
            for member in members
        ]
