"""What the world says of the leads of a batch before any rule is asked: who has them, since when, and what this touch means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from intake.batch import LeadWork
from intake.lead_draft import LeadBefore
from intake.models import IntakeForm, Lead, Submission
from routing.background import Backgrounds
from routing.engine.ownership import OwnershipContext, StickyOwner
from routing.engine.references import Ref
from routing.engine.returning import Previous, Touch, returning
from routing.handover.plan import holder_of
from routing.models import Assignment, RotationMember, RotationTurn
from routing.rotations.roster import Roster
from routing.stages.state import routed

SAME_FORM_WINDOW = timedelta(minutes=10)


class LeadContext:
    """Assignments, bonds and forms that the works of a batch refer to: one query for new leads, three for returning ones."""

    def __init__(self, works: Sequence[LeadWork], people: Roster) -> None:
        self.people = people
        self._backgrounds = Backgrounds.of(people, [routed(work).background for work in works])
        returning_ids = {work.lead.pk for work in works if not work.is_new}
        ids = returning_ids | {work.candidate.pk for work in works if work.candidate}
        rows = Assignment.objects.select_related("owner", "queue", "turn").filter(lead__in=ids) if ids else ()
        self.assignments = {row.lead_id: row for row in rows}
        self._members: set[tuple[int, int]] = set()
        self._purposes: dict[str, str] = {}
        self._rotations = {
            (row.lead_id, row.owner_id): row.turn.rotation_id for row in self.assignments.values() if row.turn
        }
        if away := [row for row in self.assignments.values() if row.sticky_owner_id is not None]:
            picks = RotationTurn.objects.filter(lead__in=[row.lead_id for row in away], kind="pick")
            for lead_id, owner_id, rotation_id in picks.order_by("pk").values_list(
                "lead_id", "owner_id", "rotation_id"
            ):
                self._rotations.setdefault((lead_id, owner_id), rotation_id)
        if returning_ids:
            rotations = set(self._rotations.values())
            members = RotationMember.objects.filter(rotation__in=rotations, active=True)
            self._members = set(members.values_list("rotation", "owner"))
            self._purposes = dict(IntakeForm.objects.values_list("key", "purpose"))

    def ownership(self, work: LeadWork) -> OwnershipContext:
        """As committed, and what the touch of a returning lead means."""
        found = routed(work)
        base = self._backgrounds.ownership(found.belongs, found.background)
        if work.candidate is not None:
            base = self._with_candidate(work, base, self.assignments.get(work.candidate.pk))
        row, before = self.assignments.get(work.lead.pk), work.before
        if before is None or row is None:
            return base
        person = base.person
        customer, deal = (person.customer, person.deal) if person is not None else (False, False)
        status = Lead.Status.CUSTOMER if customer else before.status
        back = returning(
            Previous(status, contacted=before.contacted_at is not None, open_deal=deal),
            _touch(work, same_form_within_10_minutes=_same_form(work, before)),
        )
        sticky = self._sticky(work, row, before)
        owner = self.people.known_owner(row.owner_id)
        return replace(
            base,
            manual_lock=owner if row.locked else None,
            sticky=sticky,
            current=holder_of(row),
            current_active=row.owner is None or row.owner.available,
            # Where a person put it, or a response time that ran out, it is meant to be.
            current_waits=row.owner is None and row.source == Assignment.Source.PIPELINE,
            returning=back,
        )

    def later(
        self, work: LeadWork, ownership: OwnershipContext, here: Mapping[UUID, Ref]
    ) -> OwnershipContext:
        """The same once earlier works of this batch have found owners: the same person again, or the likely duplicate."""
        if work.lead.pk in here:
            return OwnershipContext(
                account_owner=ownership.account_owner,
                account_name=ownership.account_name,
                account_owner_of=ownership.account_owner_of,
                account_by=ownership.account_by,
                account_candidates=ownership.account_candidates,
                current=here[work.lead.pk],
                returning=returning(
                    Previous(Lead.Status.NEW, contacted=False),
                    _touch(work, same_form_within_10_minutes=True),
                ),
            )
        if work.candidate is not None and work.candidate.pk in here:
            holder = here[work.candidate.pk]
            if holder.kind == "owner":
                owner = self.people.known_owner(int(holder.id))
                return replace(ownership, candidate_owner=owner, candidate_name=str(work.candidate))
        return ownership

    def _with_candidate(
        self, work: LeadWork, base: OwnershipContext, holder: Assignment | None
    ) -> OwnershipContext:
        owner = self.people.known_owner(holder.owner_id) if holder else None
        return replace(base, candidate_owner=owner, candidate_name=str(work.candidate))

    def _sticky(self, work: LeadWork, row: Assignment, before: LeadBefore) -> StickyOwner | None:
        """The owner has lost the territory when the rotation that gave them the lead has them no more."""
        stands_in = row.stands_in(before.contacted_at)
        owner_id = row.sticky_owner_id if stands_in else row.owner_id
        owner = self.people.known_owner(owner_id)
        if owner is None:
            return None
        rotation = self._rotations.get((row.lead_id, owner_id))
        lost = rotation is not None and (rotation, owner_id) not in self._members
        purpose = self._purposes.get(before.last_form_key, work.form.purpose)
        since = max(row.assigned_at, before.contacted_at or row.assigned_at)
        if stands_in and row.sticky_since is not None:
            since = row.sticky_since
        return StickyOwner(owner, since, territory_lost=lost, purpose_differs=purpose != work.form.purpose)


def _touch(work: LeadWork, *, same_form_within_10_minutes: bool) -> Touch:
    return Touch(
        work.form.purpose,
        same_form_within_10_minutes=same_form_within_10_minutes,
        made_there=work.form.kind == IntakeForm.Kind.CRM,
        meeting=Submission.Meeting(work.meeting).label if work.meeting else "",
        meeting_is_told=work.meeting == Submission.Meeting.REPLACED,
    )


def _same_form(work: LeadWork, before: LeadBefore) -> bool:
    if before.last_form_key != work.form.key or before.last_submitted_at is None:
        return False
    return work.submission.received_at - before.last_submitted_at < SAME_FORM_WINDOW
