"""Names of people are taken apart, never improved."""

import pytest

from intake.values.people import join_name, normalize_name, split_full_name


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Jane Doe", "Jane", "Doe"),
        ("Doe, Jane", "Jane", "Doe"),
        ("Mary Jane Doe", "Mary Jane", "Doe"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Otto von und zu Guttenberg", "Otto", "von und zu Guttenberg"),
        ("Jan Van Dyke", "Jan", "Van Dyke"),
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Herr Dr. Hans Müller", "Hans", "Müller"),
        ("Prof. Dr.-Ing. Eva Ernst", "Eva", "Ernst"),
        ("Mr Smith", "", "Smith"),
        ("Martin King Jr.", "Martin", "King"),
        ("Jane Doe, PhD", "Jane", "Doe"),
        ("Doe, Jane, MBA", "Jane", "Doe"),
        ("van Beethoven, Ludwig", "Ludwig", "van Beethoven"),
        ("Jack Yun Ma", "Jack Yun", "Ma"),
        ("Don Draper", "Don", "Draper"),
        ("Ing Wei Chen", "Ing Wei", "Chen"),
        ("Ing. Jan Novak", "Jan", "Novak"),
        ("Van Morrison", "Van", "Morrison"),
        ("Ben Smith", "Ben", "Smith"),
        ("Anna Ben Smith", "Anna Ben", "Smith"),
        ("Cher", "Cher", ""),
        ("山田太郎", "山田太郎", ""),
        ("", "", ""),
        (",", "", ""),
    ],
)
def test_it_splits_a_full_name(full, first, last):
    assert split_full_name(full) == (first, last)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("jane", "Jane"),
        ("JANE", "Jane"),
        ("jane doe", "Jane Doe"),
        ("o'brien", "O'Brien"),
        ("jean-luc", "Jean-Luc"),
        ("MÜLLER-LÜDENSCHEIDT", "Müller-Lüdenscheidt"),
        ("ludwig van beethoven", "Ludwig van Beethoven"),
        ("van", "Van"),
        ("McDonald", "McDonald"),
        ("de la Cruz", "de la Cruz"),
        ("JJ", "JJ"),
        ("J.R.R.", "J.R.R."),
        ("eBay Guy", "eBay Guy"),
        ("  Jane \t Doe, ", "Jane Doe"),
        ("李", "李"),
    ],
)
def test_it_sets_capitals_only_where_there_are_none_or_nothing_else(raw, name):
    assert normalize_name(raw) == name


def test_it_joins_what_there_is():
    assert join_name("Jane", "Doe") == "Jane Doe"
    assert join_name("", "Doe") == "Doe"
