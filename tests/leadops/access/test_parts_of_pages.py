"""Lines that stand on the page of another row are changed by whoever may change that row."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from routing.models import Rotation, RotationMember
from tests.leadops.access.people import HOST, console, person
from tests.leadops.console.test_configuration_pages import filled, page

pytestmark = pytest.mark.django_db


def test_a_manager_changes_the_members_of_a_rotation_of_theirs_and_of_no_other(acme):
    boss = Client(headers=HOST)
    boss.force_login(User.objects.create_superuser("root"))
    dieter = console(person("Manager", "dieter"))
    theirs, other = (Rotation.objects.get(name=f"{name} round robin") for name in ("DACH", "AMER"))

    def send(rotation, *, weight):
        data = filled(boss, Rotation, rotation)
        member = RotationMember.objects.filter(rotation=rotation).first()
        names = [name for name, value in data.items() if name.endswith("-id") and value == member.pk]
        data[names[0].replace("-id", "-weight")] = weight
        answer = dieter.post(page(Rotation, rotation), data)
        member.refresh_from_db()
        return answer.status_code, member.weight

    assert send(theirs, weight=7) == (302, 7)
    status, weight = send(other, weight=7)
    assert status in (302, 403, 404) and weight != 7
