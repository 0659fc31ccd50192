"""The people as they are now: active, away, on duty, at a cap. Read once per batch, kept in step as leads are given out."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Count

from intake.models import Lead
from routing.engine.eligibility import Candidate
from routing.engine.opening_hours import CalendarError
from routing.engine.ownership import KnownOwner
from routing.models import Absence, Assignment, Owner
from routing.response.calendars import calendar_of, local_date, owner_calendar_row
from routing.rotations import caps
from routing.rotations.caps import Given

OPEN_STATUSES = (Lead.Status.NEW, Lead.Status.WORKING)


@dataclass
class Roster:
    """Answers about owners at one instant. `given` counts the automatic assignments that come on top of what was counted."""

    now: datetime
    owners: dict[int, Owner]
    absences: dict[int, Absence]
    counted: dict[int, Given] = field(default_factory=dict)
    loads: dict[int, int] = field(default_factory=dict)
    given: Counter[int] = field(default_factory=Counter)
    # At one instant this does not change; a batch asks for every lead.
    _duty: dict[int, tuple[bool, str]] = field(default_factory=dict)

    def on_duty(self, owner: Owner) -> bool:
        """Without a calendar somebody is always on duty; with one that cannot be read, never."""
        try:
            calendar = calendar_of(owner_calendar_row(owner))
            return calendar is None or calendar.is_open(self.now)
        except CalendarError:
            return False

    def next_opening(self, owner: Owner) -> datetime | None:
        try:
            calendar = calendar_of(owner_calendar_row(owner))
            return self.now if calendar is None else calendar.next_opening(self.now)
        except CalendarError:
            return None

    def away(self, owner_id: int) -> Absence | None:
        return self.absences.get(owner_id)

    def known_owner(self, owner_id: int | None, *, with_backup: bool = True) -> KnownOwner | None:
        """The owner as somebody with a claim on a lead; None for nobody."""
        owner = self.owners.get(owner_id) if owner_id else None
        if owner is None:
            return None
        absence = self.away(owner.pk)
        backup = self.known_owner(absence.backup_id, with_backup=False) if absence and with_backup else None
        return KnownOwner(
            id=owner.pk,
            name=owner.name,
            active=owner.available,
            inactive_text=owner.unavailable_text,
            away=absence is not None,
            away_text=away_text(absence) if absence else "",
            backup=backup,
        )

    def account_owner(self, owner_id: int | None) -> KnownOwner | None:
        """The same for whose an account is, with the SDR who takes its new leads."""
        known = self.known_owner(owner_id)
        if owner_id is None or known is None:
            return None
        return replace(known, sdr=self.known_owner(self.owners[owner_id].sdr_id, with_backup=False))

    def candidate(self, owner_id: int, *, past_owners: Collection[int] = ()) -> Candidate:
        """A member of a rotation as the engine judges one."""
        owner = self.owners[owner_id]
        absence = self.away(owner_id)
        on_duty, duty_text = self._duty_of(owner)
        capped, cap_text = self._capped(owner)
        return Candidate(
            owner_id=owner_id,
            name=owner.name,
            active=owner.available,
            inactive_text=owner.unavailable_text,
            absent=absence is not None,
            absent_text=away_text(absence) if absence else "",
            on_duty=on_duty,
            duty_text=duty_text,
            capped=capped,
            cap_text=cap_text,
            load=self.loads.get(owner_id, 0) + self.given[owner_id],
            load_limit=owner.load_cap,
            skills=frozenset(str(skill) for skill in owner.skills),
            past_owner=owner_id in past_owners,
        )

    def give(self, owner_id: int) -> None:
        """One more automatic assignment went to this owner in this batch."""
        self.given[owner_id] += 1

    def _capped(self, owner: Owner) -> tuple[bool, str]:
        given = self.counted.get(owner.pk, caps.NOTHING)
        for cap, counted, word in (
            (owner.daily_cap, given.today, "today"),
            (owner.weekly_cap, given.this_week, "this week"),
        ):
            if cap is not None:
                used = counted + self.given[owner.pk]
                if used >= cap:
                    return True, f"({used} of {cap} {word})"
        return False, ""

    def _duty_of(self, owner: Owner) -> tuple[bool, str]:
        if owner.pk not in self._duty:
            on_duty = self.on_duty(owner)
            self._duty[owner.pk] = on_duty, "" if on_duty else self._duty_text(owner)
        return self._duty[owner.pk]

    def _duty_text(self, owner: Owner) -> str:
        opening = self.next_opening(owner)
        return f"(back {local_date(owner, opening):%A %H:%M})" if opening else "(the calendar never opens)"


def away_text(absence: Absence) -> str:
    reason = f" ({absence.reason})" if absence.reason else ""
    return f"until {absence.ends_on:%-d %B %Y}{reason}"


def load(*, now: datetime, owner_ids: Iterable[int] | None = None) -> Roster:
    """Everybody (or those named), with absences; two queries. `count` adds what caps need."""
    rows = Owner.objects.select_related("calendar", "team__calendar")
    if owner_ids is not None:
        rows = rows.filter(pk__in=set(owner_ids))
    owners = {owner.pk: owner for owner in rows}
    today = now.date()
    # A day either side: whether it is today is asked in the owner's own zone.
    near = Absence.objects.select_related("backup").filter(
        active=True, starts_on__lte=today + timedelta(days=1), ends_on__gte=today - timedelta(days=1)
    )
    absences: dict[int, Absence] = {}
    for absence in near.order_by("ends_on"):
        owner = owners.get(absence.owner_id)
        if owner and absence.starts_on <= local_date(owner, now).date() <= absence.ends_on:
            absences[owner.pk] = absence
    return Roster(now=now, owners=owners, absences=absences)


def count(roster: Roster, *, owner_ids: Collection[int] | None = None) -> None:
    """What counts toward caps and loads, as committed now, for everybody or those named who have a cap; two queries at most."""
    roster.given.clear()
    asked = [owner for owner in roster.owners.values() if owner_ids is None or owner.pk in owner_ids]
    capped = [owner for owner in asked if owner.daily_cap is not None or owner.weekly_cap is not None]
    roster.counted = caps.given(capped, now=roster.now)
    roster.loads = _loads([owner.pk for owner in asked if owner.load_cap is not None])


def _loads(owner_ids: Collection[int]) -> dict[int, int]:
    """How many leads that still wait for an answer these owners have."""
    if not owner_ids:
        return {}
    rows = Assignment.objects.filter(owner__in=owner_ids, lead__status__in=OPEN_STATUSES)
    return dict(rows.order_by().values_list("owner").annotate(n=Count("pk")))
