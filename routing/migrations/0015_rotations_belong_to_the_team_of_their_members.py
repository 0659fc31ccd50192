"""A rotation whose members are all of one team is that team's: its manager looks after it from now on."""

from django.db import migrations


def fill_teams(apps, schema_editor):
    member = apps.get_model("routing", "RotationMember")
    rotation = apps.get_model("routing", "Rotation")
    teams = {}
    for pk, team in member.objects.filter(active=True).values_list("rotation", "owner__team"):
        teams.setdefault(pk, set()).add(team)
    for pk, found in teams.items():
        if len(found) == 1:
            rotation.objects.filter(pk=pk, team=None).update(team=found.pop())


class Migration(migrations.Migration):

    dependencies = [
        ("routing", "0014_teams_of_rotations_and_territories"),
    ]

    operations = [migrations.RunPython(fill_teams, migrations.RunPython.noop)]
