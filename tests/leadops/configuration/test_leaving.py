"""A file that switches an owner off does what the console's switch does."""

from django.utils import timezone

from routing.handover import deactivation
from routing.models import Assignment, NamedAccount, Owner, RotationMember
from tests import make

ALICE = "{email: alice@acme.test, name: Alice Ames, team: AMER Sales, skills: [enterprise, en]"


def alices_lead():
    while not Assignment.objects.filter(owner__name="Alice Ames").exists():
        number = Assignment.objects.count()
        make.handed_off(make.crowd(number + 1)[-1])
    return Assignment.objects.filter(owner__name="Alice Ames").first()


def test_the_leads_move_after_the_file_is_applied(config, acme):
    config.apply(acme)
    row = alices_lead()
    without = acme.replace(f"{ALICE}}}", f"{ALICE}, active: false}}")

    status, shown = config.diff(without)
    assert status == 1
    assert "Alice Ames is switched off. No new lead goes to Alice Ames" in shown
    assert "that nobody has talked to: routed again." in shown
    assert Owner.objects.get(name="Alice Ames").active

    config.apply(without, "--by", "maria")
    assert Assignment.objects.get(pk=row.pk).owner.name == "Alice Ames", "nothing is locked that long"
    assert deactivation.move_leads_on(now=timezone.now()) >= 1
    row.refresh_from_db()
    assert row.owner.name != "Alice Ames"
    assert (row.actor, row.source) == ("maria", "deactivation")


def test_rotations_and_accounts_are_as_the_file_says_where_it_says_something(config, acme):
    config.apply(acme)
    without = acme.replace(f"{ALICE}}}", f"{ALICE}, active: false}}")
    config.apply(without)
    assert RotationMember.objects.get(owner__name="Alice Ames").active
    assert config.diff(without) == (0, "")


def test_rotations_and_accounts_end_where_the_file_says_nothing_of_them(config, acme):
    config.apply(acme)
    owners = acme[acme.index("owners:") : acme.index("absences:")].replace(
        f"{ALICE}}}", f"{ALICE}, active: false}}"
    )
    config.apply(f"version: 1\n{owners}")
    assert not RotationMember.objects.filter(owner__name="Alice Ames", active=True).exists()
    assert sum(RotationMember.objects.values_list("credit", flat=True)) == 0
    assert NamedAccount.objects.get(company="Globex").owner is None


def test_an_owner_whom_the_file_does_not_name_any_more_leaves_too(config, acme):
    config.apply(acme)
    row = alices_lead()
    owners = acme[acme.index("owners:") : acme.index("absences:")]
    fewer = "\n".join(line for line in owners.splitlines() if "alice@" not in line)
    config.apply(f"version: 1\n{fewer}\n")
    assert not Owner.objects.get(name="Alice Ames").active
    deactivation.move_leads_on(now=timezone.now())
    row.refresh_from_db()
    assert row.owner.name != "Alice Ames"
