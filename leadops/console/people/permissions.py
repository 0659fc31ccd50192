"""Permissions as a table to tick: one line for each thing, one column for each verb, grouped by area."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib.auth.models import Permission

from leadops.access.areas import AREAS, VERBS


class PermissionTable(forms.CheckboxSelectMultiple):
    """What is held and not in the table stays as it is, in hidden fields."""

    template_name = "leadops/people/permissions.html"
    # One label above the whole table.
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = forms.Widget.get_context(self, name, value, attrs)
        held = {str(one) for one in value or ()}
        keys = _keys()
        areas = [
            {
                "title": area.title,
                "switches": [
                    {"says": switch.says, "box": _box(keys.pop(switch.permission, None), held, switch.label)}
                    for switch in area.switches
                ],
                "things": [
                    {
                        "label": thing.label,
                        "says": thing.says,
                        "boxes": [
                            _box(keys.pop(thing.permission(verb), None), held, f"{word}: {thing.label}")
                            if verb in thing.verbs
                            else None
                            for verb, word in VERBS.items()
                        ],
                    }
                    for thing in area.things
                ],
            }
            for area in AREAS
        ]
        context["widget"] |= {
            "verbs": list(VERBS.values()),
            "areas": areas,
            "kept": sorted(held & {str(pk) for pk in keys.values()}),
        }
        return context


def _box(pk: int | None, held: Collection[str], says: str) -> dict[str, Any] | None:
    return None if pk is None else {"value": pk, "checked": str(pk) in held, "says": says}


def _keys() -> dict[str, int]:
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    return {f"{app}.{codename}": pk for app, codename, pk in rows}


class PermissionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    widget = PermissionTable

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Permission.objects.all(), required=False, **kwargs)
