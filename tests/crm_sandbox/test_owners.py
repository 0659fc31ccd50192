from __future__ import annotations

import pytest
from hubspot.crm.owners import ApiException


@pytest.fixture
def owners(sdk):
    return sdk.crm.owners.owners_api


def test_it_starts_with_the_people_of_the_demo_and_one_who_has_left(owners):
    here = owners.get_page().results
    assert [each.email.partition("@")[0] for each in here] == [
        "alice",
        "bob",
        "carla",
        "maria",
        "dieter",
        "eva",
    ]
    assert [each.email for each in owners.get_page(archived=True).results] == ["frank@acme.test"]


def test_an_owners_id_is_not_the_user_id_of_the_same_person(owners):
    everybody = owners.get_page().results
    ids = {each.id for each in everybody}
    assert len(ids) == len(everybody)
    assert not ids & {str(each.user_id) for each in everybody}


def test_it_finds_an_owner_by_email_by_id_and_by_user_id(owners):
    (eva,) = owners.get_page(email="Eva@acme.test").results
    assert (eva.first_name, eva.last_name, eva.type, eva.archived) == ("Eva", "Ernst", "PERSON", False)
    assert owners.get_by_id(eva.id).email == eva.email
    assert owners.get_by_id(eva.user_id, id_property="userId").id == eva.id
    assert owners.get_page(email="nobody@acme.test").results == []


def test_it_pages(owners):
    seen, after = [], None
    while True:
        page = owners.get_page(limit=4, after=after)
        seen += [each.email for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert len(seen) == len(set(seen)) == 6


def test_it_shows_an_archived_owner_only_when_asked(owners):
    (frank,) = owners.get_page(archived=True).results
    assert frank.user_id is None
    assert frank.user_id_including_inactive is not None
    assert owners.get_by_id(frank.id, archived=True).archived is True
    with pytest.raises(ApiException) as caught:
        owners.get_by_id(frank.id)
    assert caught.value.status == 404


def test_a_person_adds_an_owner_and_lets_one_go(owners, bare):
    made = bare.post("/control/owners", {"email": "Gina@acme.test", "name": "Gina Gold"})
    assert made.status_code == 201
    (gina,) = owners.get_page(email="gina@acme.test").results
    assert (gina.id, gina.first_name, gina.last_name) == (made.json()["id"], "Gina", "Gold")
    bare.post("/control/owners", {"email": "gina@acme.test", "name": "Gina Gold", "archived": True})
    assert owners.get_page(email="gina@acme.test").results == []
    assert bare.post("/control/owners", {"email": "nobody"}).status_code == 400
