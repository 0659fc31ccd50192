"""The keys by which people are found again."""

from intake.matching.keys import IdentityKey, block_keys, keys_of


def test_it_makes_a_personal_address_exclusive_and_a_phone_not():
    assert keys_of({"email": "jane@globex.com", "phone": "+12127365000"}) == [
        IdentityKey("email", "jane@globex.com", exclusive=True),
        IdentityKey("phone", "+12127365000", exclusive=False),
    ]


def test_it_gives_a_second_key_at_providers_that_ignore_dots_and_tags():
    assert keys_of({"email": "j.doe+x@googlemail.com"}) == [
        IdentityKey("email", "j.doe+x@googlemail.com", exclusive=True),
        IdentityKey("email_canonical", "jdoe@gmail.com", exclusive=True),
    ]


def test_it_makes_shared_and_placeholder_mailboxes_not_exclusive():
    for email in ("info@globex.com", "noreply@globex.com", "test@gmail.com"):
        assert not any(key.exclusive for key in keys_of({"email": email}))


def test_it_blocks_by_the_sound_of_the_last_name_with_the_company_and_by_the_end_of_the_phone():
    keys = block_keys(
        {"last_name": "Meyer", "email": "x@mail.globex.com", "company": "Globex GmbH", "phone": "+4930901820"}
    )
    assert keys == ["name:MYR:globex.com", "name:MYR:globex", "phone:0901820"]


def test_people_who_may_be_one_share_a_block():
    by_domain = {"last_name": "Müller", "email": "jm@globex.com"}
    by_name = {
        "last_name": "Mueller",
        "email": "jm@gmail.com",
        "company": "globex.com",
        "website": "https://globex.com",
    }
    assert set(block_keys(by_domain)) & set(block_keys(by_name))


def test_it_blocks_names_in_other_scripts_by_the_name_itself():
    assert block_keys({"last_name": "山田", "company": "Globex"}) == ["name:山田:globex"]


def test_it_gives_no_block_that_half_of_the_world_shares():
    assert block_keys({"last_name": "Smith", "email": "smith@gmail.com"}) == []
    assert block_keys({"phone": "+4912345"}) == ["phone:4912345"] or block_keys({"phone": "+491234"}) == []
    assert block_keys({}) == keys_of({}) == []
