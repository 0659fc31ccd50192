"""A CSV file's rows become submissions of a form, once each."""

import pytest
from django.core.management.base import CommandError

from intake import csv_tables, importing, runner
from intake.models import IntakeForm, Lead, Submission
from tests.leadops.commands.running import run

pytestmark = pytest.mark.django_db

GOOD = """Email,First Name,Last Name,Firma,Land,Notes
jana@beispiel-werke.example,Jana,Weiß,Beispiel Werke,Deutschland,"met at the fair
wants a call"
tom@bigcorp.example,Tom,Small,Bigcorp,USA,
"""


@pytest.fixture
def form(db):
    return IntakeForm.objects.create(
        key="import", name="Import", kind="webhook", field_map={"Firma": "company", "Land": "country"}
    )


@pytest.fixture
def csv_file(tmp_path):
    def write(content, *, encoding="utf-8"):
        file = tmp_path / "people.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return str(file)

    return write


def values():
    return {one.values["email"]: one.values for one in Submission.objects.exclude(values={})}


def test_every_row_becomes_a_lead_by_the_forms_field_map_and_by_canonical_names(acme, form, csv_file):
    status, shown, notified = run("import_leads", csv_file(GOOD))
    assert (status, notified) == (0, "")
    assert "Email -> email, First Name -> first_name, Last Name -> last_name, Firma -> company" in shown
    assert "Notes -> extra.Notes" in shown
    assert shown.endswith("2 rows: 2 new, 0 here already, 0 bad.\n")
    runner.drain()
    jana = Lead.objects.get(email="jana@beispiel-werke.example")
    assert (jana.full_name, jana.company, jana.country) == ("Jana Weiß", "Beispiel Werke", "DE")
    assert jana.extra["Notes"] == "met at the fair\nwants a call"
    assert set(Submission.objects.values_list("status", flat=True)) == {"handed_off"}


def test_a_second_run_adds_nothing_however_much_later(form, csv_file):
    file = csv_file(GOOD)
    run("import_leads", file)
    assert run("import_leads", file)[1].endswith("2 rows: 0 new, 2 here already, 0 bad.\n")
    assert Submission.objects.count() == 2
    assert set(Submission.objects.values_list("key_expires_at", flat=True)) == {None}


def test_a_row_is_known_by_what_it_says_not_by_where_it_stands(form, csv_file):
    run("import_leads", csv_file("email,first_name\nann@a.example,Ann\nbea@b.example,Bea\n"))
    again = "first_name;email;phone\n Bea ;bea@b.example;\nCy;cy@c.example;\nCy;cy@c.example;\n"
    assert "3 rows: 1 new, 2 here already, 0 bad." in run("import_leads", csv_file(again))[1]


def test_bad_rows_are_reported_with_their_line_and_do_not_stop_the_rest(form, csv_file):
    form.required, form.on_invalid = ["email"], "reject"
    form.save()
    lines = [
        b"email,first_name",
        b'ann@a.example,"Ann\nMarie"',
        b"nobody,Nob",
        b"",
        b"too@many.example,Too,many",
        b"caf\xe9@x.example,Caf\xe9",
        b",Without",
        "zoe@z.example,Zoë".encode(),
    ]
    status, shown, notified = run("import_leads", csv_file(b"\n".join(lines)))
    assert status == 1
    assert "6 rows: 2 new, 0 here already, 4 bad." in shown
    numbered = {int(line.split("line ")[1].split(":")[0]): line for line in notified.splitlines()}
    assert set(numbered) == {4, 6, 7, 8}
    assert "It has 3 cells, and the header has 2." in numbered[6]
    assert "It is not UTF-8 text." in numbered[7]
    assert "E-mail is required." in numbered[8]
    assert Submission.objects.filter(status="received").count() == 2


def test_a_row_that_was_refused_is_bad_again_and_a_mended_one_is_new(form, csv_file):
    form.required, form.on_invalid = ["email"], "reject"
    form.save()
    broken = "email,first_name\nnobody,Nob\n"
    for _ in range(2):
        assert "1 row: 0 new, 0 here already, 1 bad." in run("import_leads", csv_file(broken))[1]
    fixed = broken.replace("nobody", "nob@n.example")
    assert "1 row: 1 new, 0 here already, 0 bad." in run("import_leads", csv_file(fixed))[1]


def test_rows_that_a_person_has_to_look_at_are_named(form, csv_file):
    status, shown, notified = run("import_leads", csv_file("email,phone,first_name\n,,Ann\n"))
    assert status == 0
    assert "line 2: held for a person: Neither e-mail nor phone." in notified
    assert "1 row: 1 new (1 of them held), 0 here already, 0 bad." in shown
    runner.drain()
    assert Submission.objects.get().status == "held"


def test_a_dry_run_says_the_same_and_writes_nothing(form, csv_file):
    form.required, form.on_invalid = ["email"], "reject"
    form.save()
    file = csv_file("email,first_name\nann@a.example,Ann\nnobody,Nob\nann@a.example,Ann\n")
    status, shown, notified = run("import_leads", file, "--dry-run")
    assert Submission.objects.count() == 0
    assert "3 rows: 1 would be new, 1 here already, 1 bad. Nothing was written." in shown
    real = run("import_leads", file)
    assert (status, notified) == (real[0], real[2]) and status == 1
    assert "3 rows: 0 would be new, 2 here already, 1 bad." in run("import_leads", file, "--dry-run")[1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_what_spreadsheets_save_is_read(form, csv_file, encoding):
    file = csv_file("E-Mail;First name\r\njürgen@a.example;Jürgen\r\n", encoding=encoding)
    assert "1 row: 1 new" in run("import_leads", file)[1]
    runner.drain()
    assert values()["jürgen@a.example"]["first_name"] == "Jürgen"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no names of columns"),
        ("name,company\nAnn,Acme\n", "No column is an e-mail address or phone number: name, company"),
        ("email,email\na@b.example,c@d.example\n", "Two columns are named “email”"),
        ("email,,phone\na@b.example,,\n", "Column 2 has no name"),
        (b"PK\x03\x04\x14\x00", "This is a workbook"),
        (b"e\x00mail,name\n", "The file is not text"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_whole(form, csv_file, content, said):
    with pytest.raises(CommandError, match=said):
        run("import_leads", csv_file(content))
    assert Submission.objects.count() == 0


def test_without_the_form_it_says_how_to_make_one(acme, csv_file):
    with pytest.raises(
        CommandError, match=r"(?s)no form “import”.*demo-request, typeform-quote.*key: import"
    ) as refused:
        run("import_leads", csv_file(GOOD))
    assert "--form KEY" in str(refused.value)
    with pytest.raises(CommandError, match="reads what typeform sends"):
        run("import_leads", csv_file(GOOD), "--form", "typeform-quote")
    IntakeForm.objects.filter(key="demo-request").update(active=False)
    with pytest.raises(CommandError, match="switched off"):
        run("import_leads", csv_file(GOOD), "--form", "demo-request")
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"):
        IntakeForm.objects.update(active=True)
        run("import_leads", "nowhere.csv", "--form", "demo-request")


def test_progress_is_told_when_it_takes_long(form, csv_file, monkeypatch):
    monkeypatch.setattr("leadops.management.commands.import_leads._SAY_EVERY", -1.0)
    notified = run("import_leads", csv_file("email\n" + "".join(f"p{n}@a.example\n" for n in range(30))))[2]
    assert "30 rows, line 31" in notified


def test_a_dry_run_asks_once_per_chunk(form, csv_file, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(importing, "_CHUNK", 10)
    with open(csv_file("email\n" + "".join(f"p{n}@a.example\n" for n in range(40))), newline="") as file:
        rows = csv_tables.Table(file).rows()
        with django_assert_max_num_queries(5):
            assert {one.state for one in importing.try_out(form, rows)} == {"new"}
