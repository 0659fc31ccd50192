"""The lines of a connection's mapping in the file: one field in several properties, several in one, in their order."""

import pytest

from crm_sync.models import FieldMapping

BASE = """\
version: 1
queues: [{name: Triage, fallback: true}]
connections:
  - key: crm
    kind: hubspot
    system_of_record: {owner: leadops, lifecycle: crm, default: leadops}
"""
LISTED = """\
    mappings:
      - {field: company, property: company, mode: overwrite}
      - {field: company, property: firm, mode: if_empty, values: {" A; b ": "", "x": y}}
      - {field: last_name, property: who, mode: overwrite, combine: join, separator: " "}
      - {field: first_name, property: who, mode: overwrite, combine: join, separator: " "}
      - {field: first_name, property: firstname, mode: overwrite}
      - {field: routed_at, property: routed_on, mode: overwrite, transform: day, zone: Europe/Berlin}
"""


def stored(**of):
    rows = FieldMapping.objects.filter(active=True, **of).order_by("position", "id")
    return list(rows.values_list("canonical", "property", "combine", "separator"))


def test_a_list_is_applied_in_its_order_and_exported_as_it_was(config):
    config.apply(BASE + LISTED)
    assert stored() == [
        ("company", "company", "", ""),
        ("company", "firm", "", ""),
        ("last_name", "who", "join", " "),
        ("first_name", "who", "join", " "),
        ("first_name", "firstname", "", ""),
        ("routed_at", "routed_on", "", ""),
    ]
    day = FieldMapping.objects.get(canonical="routed_at")
    assert (day.transform, day.zone) == ("day", "Europe/Berlin")
    assert FieldMapping.objects.get(property="firm").values == {" A; b ": "", "x": "y"}
    assert config.diff(config.export()) == (0, "")
    assert config.diff(BASE + LISTED) == (0, "")
    lines = LISTED.splitlines()
    turned = "\n".join([lines[0], lines[1], lines[2], lines[4], lines[3], *lines[5:]]) + "\n"
    assert config.diff(BASE + turned)[0] == 1
    config.apply(BASE + turned)
    assert [each[0] for each in stored(property="who")] == ["first_name", "last_name"]


def test_a_list_that_a_table_can_say_is_the_same(config):
    config.apply(
        BASE
        + "    mappings: {company: {property: company, mode: overwrite}, city: {property: city, mode: overwrite}}\n"
    )
    same = "    mappings: [{field: company, property: company}, {field: city, property: city}]\n"
    assert config.diff(BASE + same) == (0, "")
    assert "city: {property: city, mode: overwrite}" in config.export().replace("\n          ", " ")


def test_a_line_that_goes_elsewhere_stays_the_same_row_and_what_is_not_named_is_switched_off(config):
    config.apply(BASE + LISTED)
    firm, first = (FieldMapping.objects.get(property=name) for name in ("firm", "firstname"))
    config.apply(
        BASE
        + LISTED.replace("property: firm", "property: organisation").replace(
            "      - {field: first_name, property: firstname, mode: overwrite}\n", ""
        )
    )
    firm.refresh_from_db()
    first.refresh_from_db()
    assert (firm.property, firm.active, first.active) == ("organisation", True, False)
    assert config.diff(config.export()) == (0, "")


@pytest.mark.parametrize(
    ("was", "now", "line", "said"),
    [
        (', combine: join, separator: " "', "", 10, "“First name” is written to “who” already."),
        ("default: leadops", "default: most_recent", 10, "cannot be taken apart into Last name again"),
        ("property: firm", "property: company", 9, "“company” to “company” stands here twice."),
        ("mode: if_empty", "mode: if_empty, combine: both", 9, "“both” is not known here: use first, join."),
        ("mode: if_empty", 'mode: if_empty, separator: "; "', 9, "It stands between joined values only"),
        ("Europe/Berlin", "Europe/Bielefeld", 13, "“Europe/Bielefeld” is no time zone"),
        ("field: routed_at", "field: city", 13, "City is no moment, and has no day"),
        ("transform: day, ", "", 13, "A zone says which day a moment is"),
    ],
)
def test_lines_that_do_not_go_together_are_refused_with_their_line(config, was, now, line, said):
    text = (BASE + LISTED).replace(was, now, 1)
    refusal = config.refusal(text)
    assert f"line {line}: " in refusal
    assert said in refusal
    assert not FieldMapping.objects.exists()
