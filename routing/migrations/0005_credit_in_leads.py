"""Credit is counted in leads: 10^9 units each. Turns of before keep their rows, which say so by their format (1)."""

from fractions import Fraction
from typing import Any

from django.db import migrations, models

LEAD = 10**9

SPECIALIST_LEADS = models.CharField(
    choices=[("count", "Count like any other lead"), ("extra", "Come on top")],
    default="count",
    max_length=8,
    verbose_name="leads that only some can take",
)
MAX_LEADS_AHEAD = models.PositiveSmallIntegerField(default=3, verbose_name="most leads ahead")


def convert(apps: Any, schema_editor: Any) -> None:
    """Credits were in hundredths of weight, and one lead was the weight of all active members. Rounded so that the credits
    of a rotation sum to exactly 0 again: by largest remainder, ties by id.
    """
    members = apps.get_model("routing", "RotationMember").objects
    by_rotation: dict[int, list[Any]] = {}
    for member in members.order_by("pk"):
        by_rotation.setdefault(member.rotation_id, []).append(member)
    for listed in by_rotation.values():
        in_turn = [member for member in listed if member.active]
        total = sum(int(member.weight * 100) for member in in_turn)
        exact = {one.pk: Fraction(one.credit * LEAD, total) if total else Fraction(0) for one in in_turn}
        whole = {pk: credit.__floor__() for pk, credit in exact.items()}
        each, rest = divmod(-sum(whole.values()), len(whole) or 1)
        first = sorted(whole, key=lambda pk: (whole[pk] - exact[pk], pk))[:rest]
        for member in listed:
            one = member.pk
            member.credit = whole[one] + each + (one in first) if one in whole else 0
        members.bulk_update(listed, ["credit"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("routing", "0004_stored_words")]

    operations = [
        migrations.AddField("rotation", "specialist_leads", SPECIALIST_LEADS),
        migrations.AddField("historicalrotation", "specialist_leads", SPECIALIST_LEADS),
        migrations.AddField("rotation", "max_leads_ahead", MAX_LEADS_AHEAD),
        migrations.AddField("historicalrotation", "max_leads_ahead", MAX_LEADS_AHEAD),
        # The turns that are there are of format 1; from now on they are of format 2.
        migrations.AddField("rotationturn", "format", models.PositiveSmallIntegerField(default=1)),
        migrations.AlterField("rotationturn", "format", models.PositiveSmallIntegerField(default=2)),
        migrations.RunPython(convert, elidable=False),
    ]
