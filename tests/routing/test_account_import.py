"""A file of accounts is compared with those that are there, shown, and applied in one transaction."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from intake.csv_tables import UnreadableCsv
from routing.account_import import applying
from routing.account_import.applying import AccountsChanged, apply, preview
from routing.account_import.reading import read
from routing.accounts import Accounts
from routing.models import NamedAccount, Owner

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def people(db):
    Owner.objects.create(email="eva@acme.test", name="Eva Ernst")
    Owner.objects.create(email="bob@acme.test", name="Bob Brown")
    Owner.objects.create(email="gone@acme.test", name="Gone", active=False)


def sheet(text):
    return read(StringIO(text))


def owner(name):
    return Owner.objects.get(email=f"{name}@acme.test")


def said(found):
    return {one.line: one.said for one in found.troubles}


def test_headers_are_read_as_people_write_them():
    headers = "Account Name;Website;Account Owner;Record ID;Land;Telefon;PLZ;Notes"
    one = sheet(f"{headers}\nGlobex;globex.de;Eva Ernst;7;Deutschland;030 5550 1234;10115;x\n")
    assert one.ignored == ["Notes"]
    (line,) = one.lines
    assert line.values == {
        "company": "Globex", "domains": ["globex.de"], "owner_id": owner("eva").pk, "external_id": "7",
        "country": "DE", "phone": "+493055501234", "postal_code": "10115",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("website,owner\na.com,eva@acme.test\n", "No column is the company's name: website, owner."),
        ("company,name\nA,B\n", "“company” and “name” both mean the company"),
        ("", "no names of columns"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_as_a_whole(text, why):
    with pytest.raises(UnreadableCsv, match=why):
        sheet(text)


def test_each_line_that_is_left_out_says_why_in_the_words_of_the_file():
    found = preview(
        sheet(
            "Account,Website,Rep,Land,Telefon,ID\n"
            "A,a.com,evaa@acme.test\n"
            "B,nodomain,eva@acme.test\n"
            "C,,gone@acme.test\n"
            ",c.com,\n"
            "D,,,Atlantis\n"
            "E,,,DE,,1\n"
            "E,,,\n"
            "F,,,,,1\n"
            "G,facebook.com g.com\n"
            "H,1,2,3,4,5,6,7\n"
        )
    )
    assert said(found) == {
        2: "“Rep” is “evaa@acme.test”, and no owner here has that address or name. Did you mean “eva@acme.test”?",
        3: "“Website” has “nodomain”, which is no domain.",
        4: "“Rep” is “gone@acme.test”, who is switched off here.",
        5: "“Account” is empty.",
        6: "“Land” is “Atlantis”: We know no country “Atlantis”.",
        8: "“Account” is “E” again: line 7 counts.",
        9: "“ID” is “1” again: line 7 counts.",
        10: "“Website” has “facebook.com”, where many companies have a page: it is left out.",
        11: "It has 8 cells, and the header has 6.",
    }
    assert [one.account.company for one in found.new] == ["E", "G"]
    assert found.new[1].account.domains == ["g.com"]
    assert found.sentence() == "2 new, 2 unknown owners, 6 lines left out"


def test_it_says_what_would_change_before_anything_does():
    NamedAccount.objects.create(company="Globex", domains=["globex.com"], owner=owner("eva"))
    NamedAccount.objects.create(company="Initech", domains=["initech.com"], owner=owner("eva"))
    NamedAccount.objects.create(company="Hooli", domains=["hooli.com"], owner=owner("bob"))
    NamedAccount.objects.create(company="Elsewhere", domains=["umbrella.com"])
    text = (
        "company,domains,owner\n"
        "Globex,globex.com,bob@acme.test\n"
        "Initech,initech.com initech.de,\n"
        "Hooli,hooli.com,bob@acme.test\n"
        "Umbrella,umbrella.com,eva@acme.test\n"
        "Vandelay,,nobody@acme.test\n"
    )
    found = preview(sheet(text))
    assert found.sentence() == (
        "1 changes owner, 1 domain in two accounts, 1 new, 1 changes otherwise, 1 unknown owner, 1 stays as it is"
    )
    assert [(one.domain, one.companies) for one in found.shared] == [
        ("umbrella.com", ("Elsewhere", "Umbrella"))
    ]
    assert [one.account.company for one in found.others] == ["Initech"]
    assert NamedAccount.objects.count() == 4
    assert NamedAccount.objects.get(company="Globex").owner == owner("eva")


def test_it_is_applied_with_one_history_row_for_each_change():
    user = User.objects.create(username="ann")
    globex = NamedAccount.objects.create(
        company="Globex", domains=["globex.com"], owner=owner("eva"), country="US"
    )
    same = NamedAccount.objects.create(company="Hooli", domains=["hooli.com"])
    text = "company,domains,owner\nGlobex,globex.com,bob@acme.test\nHooli,hooli.com,\nUmbrella,umbrella.com,eva@acme.test\n"
    told = []
    found = apply(sheet(text), user=user, now=NOW, progress=lambda done, total: told.append((done, total)))
    assert found.sentence() == "1 changes owner, 1 new, 1 stays as it is"
    assert told == [(1, 2), (2, 2)]
    globex.refresh_from_db()
    assert (globex.owner, globex.domains, globex.country) == (owner("bob"), ["globex.com"], "US")
    changed, made = (
        globex.history.latest("history_id"),
        NamedAccount.objects.get(company="Umbrella").history.get(),
    )
    assert (changed.history_type, changed.owner, changed.history_user) == ("~", owner("bob"), user)
    assert (made.history_type, made.history_change_reason, made.domains) == (
        "+",
        applying.REASON,
        ["umbrella.com"],
    )
    assert same.history.count() == 1
    told = {"email_domain": "umbrella.com", "company_domain": "umbrella.com"}
    assert Accounts([told]).of(told).account == NamedAccount.objects.get(company="Umbrella")
    assert apply(sheet(text), now=NOW).changes == []


def test_a_blank_cell_changes_nothing_and_a_dash_takes_the_owner_away():
    NamedAccount.objects.create(company="Globex", domains=["globex.com"], owner=owner("eva"))
    assert preview(sheet("company,domains,owner\nGlobex,,\n")).same == 1
    apply(sheet("company,domains,owner\nGlobex,,-\n"), now=NOW)
    assert NamedAccount.objects.get().owner is None
    assert NamedAccount.objects.get().domains == ["globex.com"]


def test_an_account_is_known_by_its_id_before_its_name():
    row = NamedAccount.objects.create(company="Globex", external_id="7")
    apply(sheet("company,id\nGlobex International,7\n"), now=NOW)
    row.refresh_from_db()
    assert row.company == "Globex International"
    other = NamedAccount.objects.create(company="Initech", external_id="8")
    found = preview(sheet("company,id\nInitech,7\n"))
    assert "is an account of its own" in said(found)[2]
    twice = preview(sheet("company,id\nInitech AG,8\nInitech,\n"))
    assert said(twice) == {3: "It means the same account as line 2, which counts."}
    assert other.history.count() == 1


def test_what_was_changed_since_it_was_shown_is_shown_again_and_not_written():
    NamedAccount.objects.create(company="Globex", owner=owner("eva"))
    one = sheet("company,owner\nGlobex,bob@acme.test\nInitech,bob@acme.test\n")
    seen = preview(one).fingerprint
    NamedAccount.objects.update(owner=None)
    with pytest.raises(AccountsChanged) as refused:
        apply(one, expected=seen, now=NOW)
    assert NamedAccount.objects.count() == 1
    apply(one, expected=refused.value.difference.fingerprint, now=NOW)
    assert NamedAccount.objects.filter(owner=owner("bob")).count() == 2


def test_a_file_is_applied_as_a_whole_or_not_at_all():
    rows = "".join(f"Company {n},company{n}.com\n" for n in range(2 * applying._CHUNK))

    def stop(done, total):
        raise RuntimeError

    with pytest.raises(RuntimeError), transaction.atomic():
        apply(sheet(f"company,domains\n{rows}"), now=NOW, progress=stop)
    assert NamedAccount.objects.count() == 0


def test_the_number_of_statements_grows_with_chunks_and_not_with_lines():
    def cost(lines):
        text = "company,domains\n" + "".join(
            f"{lines} Company {n},company{lines}x{n}.com\n" for n in range(lines)
        )
        with CaptureQueriesContext(connection) as queries:
            apply(sheet(text), now=NOW)
        return len(queries)

    assert cost(3) == cost(1500)


def test_a_line_says_which_company_is_above_and_which_tier_it_is():
    NamedAccount.objects.create(company="Holding", external_id="7")
    text = "company,parent account,tier\nUnit,Region,A\nRegion,7,B\nLost,Nowhere,\nOwn,Own,\nHolding,,C\n"
    found = apply(sheet(text), now=NOW)
    assert said(found) == {
        4: "It belongs to “Nowhere”, and no account has that name or id: that is left out.",
        5: "It would belong to itself: that is left out.",
    }
    rows = {row.company: row for row in NamedAccount.objects.select_related("parent")}
    assert {name: (row.parent and row.parent.company, row.tier) for name, row in rows.items()} == {
        "Holding": (None, "C"),
        "Region": ("Holding", "B"),
        "Unit": ("Region", "A"),
        "Lost": (None, ""),
        "Own": (None, ""),
    }
    assert rows["Unit"].history.get().parent_id == rows["Region"].pk
    assert preview(sheet(text)).sentence() == "5 stay as they are"
    apply(sheet("company,parent\nUnit,-\n"), now=NOW)
    assert NamedAccount.objects.get(company="Unit").parent is None


def test_new_companies_that_belong_to_each_other_belong_to_nobody():
    apply(sheet("company,parent\nA,B\nB,A\n"), now=NOW)
    assert list(NamedAccount.objects.values_list("parent", flat=True)) == [None, None]
