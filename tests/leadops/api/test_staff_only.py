"""Reading and acting over the API is for staff: whoever is not may not, whatever else they may."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, get_resolver
from rest_framework.test import APIRequestFactory, force_authenticate

from leadops.api.staff import StaffView

GIVEN = {"uuid": uuid4(), "int": 1, "slug": "x", "str": "x"}


def staff_views(patterns=None):
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if not isinstance(entry, URLPattern):
            yield from staff_views(entry.url_patterns)
        elif issubclass(getattr(entry.callback, "view_class", object), StaffView):
            yield entry


def asked(entry, user):
    """The statuses of everything that the view can be asked."""
    view = entry.callback.view_class
    kwargs = {
        name: GIVEN.get(type(converter).__name__.removesuffix("Converter").lower(), "x")
        for name, converter in entry.pattern.converters.items()
    }
    statuses = {}
    for method in ("get", "post", "put", "patch", "delete"):
        if hasattr(view, method):
            request = getattr(APIRequestFactory(), method)("/", {}, format="json")
            force_authenticate(request, user)
            statuses[method] = entry.callback(request, **kwargs).status_code
    return statuses


@pytest.mark.parametrize("entry", list(staff_views()), ids=lambda entry: entry.name or str(entry.pattern))
def test_whoever_is_not_staff_may_do_nothing_over_the_api_whatever_else_they_may(db, entry):
    stranger = User.objects.create_user("stranger", is_superuser=True, is_staff=False)
    statuses = asked(entry, stranger)
    assert set(statuses.values()) == {403}
    assert statuses


def test_there_are_views_for_staff():
    assert len(list(staff_views())) > 10
