"""Companies, websites, numbers, consent, times, languages."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.values.choices import normalize_boolean
from intake.values.companies import company_key, normalize_company
from intake.values.languages import normalize_language, normalize_timezone
from intake.values.moments import normalize_datetime
from intake.values.numbers import normalize_integer
from intake.values.refusal import ValueRefused
from intake.values.text import words_of
from intake.values.web import is_shared_domain, normalize_website, registrable_domain


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Globex", "globex"),
        ("The Globex Corporation", "globex"),
        ("Globex GmbH & Co. KG", "globex"),
        ("GLOBEX, Inc.", "globex"),
        ("Globex S.A.", "globex"),
        ("Globex Sp. z o.o.", "globex"),
        ("Globex s.r.o.", "globex"),
        ("Müller & Söhne UG (haftungsbeschränkt)", "muller sohne"),
        ("McDonald's", "mcdonalds"),
        ("Globex Gesellschaft mit beschränkter Haftung", "globex"),
        ("Globex S.p.A.", "globex"),
        ("Globex SpA", "globex"),
        ("Globex S.à r.l.", "globex"),
        ("SARL Globex", "globex"),
        ("Globex S.A. de C.V.", "globex"),
        ("Globex Ltda", "globex"),
        ("Globex A/S", "globex"),
        ("AB Globex", "globex"),
        ("Globex Oyj", "globex"),
        ("Globex Sp. zoo", "globex"),
        ("Globex d.o.o.", "globex"),
        ("Globex Ltd. Şti.", "globex"),
        ("PT Globex Tbk", "globex"),
        ("Công ty TNHH Globex", "globex"),
        ("Globex (Pty) Ltd", "globex"),
        ("Globex Co., Ltd.", "globex"),
        ("ООО «Глобекс»", "глобекс"),
        ("Глобекс ООО", "глобекс"),
        ("上海环球有限公司", "上海环球"),
        ('גלובקס בע"מ', "גלובקס"),
        ("شركة جلوبكس المحدودة", "جلوبكس"),
        ("SAS Institute Inc.", "sas institute"),
        ("Vitamin E", "vitamin e"),
        ("Berlin Zoo", "berlin zoo"),
        ("株式会社", "株式会社"),
        ("AG", "ag"),
        ("AT&T Inc", "at t"),
        ("", ""),
    ],
)
def test_it_compares_companies_without_their_legal_form(name, key):
    assert company_key(name) == key


@pytest.mark.parametrize(
    ("bare", "written"),
    [
        (
            "グローベックス",
            ["株式会社グローベックス", "グローベックス株式会社", "（株）グローベックス", "グローベックス㈱"],
        ),
        ("글로벡스", ["주식회사 글로벡스", "글로벡스 주식회사", "글로벡스(주)", "㈜글로벡스"]),
        ("โกลเบ็กซ์", ["บริษัท โกลเบ็กซ์ จำกัด", "บริษัทโกลเบ็กซ์ จำกัด (มหาชน)"]),
    ],
)
def test_legal_forms_do_not_count_in_scripts_without_spaces(bare, written):
    assert {company_key(name) for name in written} == {company_key(bare)} != {""}


@given(st.text(max_size=40))
def test_something_is_left_of_every_name_that_has_words(name):
    """Something is left of every name that has words."""
    key = company_key(name)
    assert bool(key) == bool(words_of(name.replace("'", "").replace("’", "")))
    assert key == " ".join(key.split())


def test_it_leaves_a_company_name_as_it_is_written():
    assert normalize_company(" “eBay  Inc.” ") == "eBay Inc."


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("Globex.com", "https://globex.com"),
        ("www.globex.com/", "https://www.globex.com"),
        ("HTTP://Globex.com/About?x=1", "http://globex.com/About?x=1"),
        ("globex.com:8080/x", "https://globex.com:8080/x"),
        ("//globex.com", "https://globex.com"),
    ],
)
def test_it_makes_a_website_an_absolute_address(raw, url):
    assert normalize_website(raw) == url


@pytest.mark.parametrize(
    "raw", ["none", "jane@globex.com", "http://", "https://[bad", "com", "a..b", "ftp://x.com", "1.2.3.4"]
)
def test_it_refuses_what_is_no_website(raw):
    with pytest.raises(ValueRefused):
        normalize_website(raw)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("mail.globex.co.uk", "globex.co.uk"),
        ("acme.test", "acme.test"),
        ("co.uk", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("", None),
    ],
)
def test_it_finds_the_registrable_domain(host, domain):
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("host", "shared"),
    [
        ("www.facebook.com", True),
        ("globex.sharepoint.com", True),
        ("sites.google.com", True),
        ("google.com", False),
        ("notfacebook.com", False),
        ("globex.com", False),
        ("com", False),
        ("", False),
    ],
)
def test_it_knows_hosts_where_many_companies_have_a_page(host, shared):
    assert is_shared_domain(host) is shared


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (250, 250),
        (250.0, 250),
        ("250", 250),
        ("1,200", 1200),
        ("1.200", 1200),
        ("1 200", 1200),
        ("1'200", 1200),
        ("1.234.567,89", 1234567),
        ("1,234,567.89", 1234567),
        ("50+", 50),
        ("> 500", 500),
        ("500-1000", 500),
        ("501 – 1.000 Mitarbeiter", 501),
        ("201 to 500", 201),
        ("10k", 10_000),
        ("1.5k", 1500),
        ("$5M", 5_000_000),
        ("€ 1,5 Mio", 1_500_000),
        ("1.250 million", 1_250_000),
        ("1-5 million", 1_000_000),
        ("$1M - $5M", 1_000_000),
        ("500k-1 million", 500_000),
        ("500-1 million", 500),
        ("2bn", 2_000_000_000),
        ("< 50", 1),
        ("up to 10", 1),
        ("about 12 people", 12),
        ("3 managers", 3),
    ],
)
def test_it_reads_numbers_and_takes_the_lower_bound_of_a_range(raw, number):
    assert normalize_integer(raw, maximum=None) == number


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("many", "number_invalid"),
        ("", "number_invalid"),
        (float("nan"), "number_invalid"),
        (float("inf"), "number_invalid"),
        (-5, "number_negative"),
        ("-5", "number_negative"),
        ("3,000,000,000", "number_too_large"),
    ],
)
def test_it_refuses_numbers_that_cannot_be(raw, code):
    with pytest.raises(ValueRefused) as refused:
        normalize_integer(raw, maximum=2_147_483_647)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        *[
            (raw, True)
            for raw in (True, 1, 1.0, "on", "Yes", "JA", "oui", "Sí", "true", "✓", "opt-in", "I agree")
        ],
        ("I agree to the privacy policy of Acme.", True),
        ("Ja, ich möchte Neuigkeiten erhalten", True),
        ("Ich stimme der Verarbeitung zu.", True),
        *[(raw, False) for raw in (False, 0, "off", "No", "nein", "non", "false", "0", "opt-out")],
        ("No, thank you", False),
        ("Ich stimme nicht zu", False),
        ("I do not agree", False),
        ("Please do not write to me", False),
    ],
)
def test_it_reads_consent_in_words(raw, answer):
    assert normalize_boolean(raw) is answer


@pytest.mark.parametrize(
    "raw", ["perhaps", "2", 2, "Ich stimme der Werbung nicht zu", "Ja, aber nicht per Telefon", "privacy"]
)
def test_it_never_takes_an_unclear_answer_for_consent(raw):
    try:
        assert normalize_boolean(raw) is False
    except ValueRefused as refused:
        assert refused.code == "boolean_unclear"


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-11-18T12:30:00Z", datetime(2026, 11, 18, 12, 30, tzinfo=UTC)),
        ("2026-11-18T12:30:00.121+02:00", datetime(2026, 11, 18, 10, 30, 0, 121000, tzinfo=UTC)),
        ("2026-11-18T08:49:14+0000", datetime(2026, 11, 18, 8, 49, 14, tzinfo=UTC)),
        ("2026-11-18 12:30:00 UTC", datetime(2026, 11, 18, 12, 30, tzinfo=UTC)),
        ("2026-11-18", datetime(2026, 11, 18, tzinfo=UTC)),
        (1795000000, datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        (1795000000000, datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        ("1795000000", datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        ("Wed, 18 Nov 2026 12:30:00 +0100", datetime(2026, 11, 18, 11, 30, tzinfo=UTC)),
        ("18.11.2026 14:05", datetime(2026, 11, 18, 14, 5, tzinfo=UTC)),
        ("11/18/2026 02:05 PM", datetime(2026, 11, 18, 14, 5, tzinfo=UTC)),
        ("18/11/2026", datetime(2026, 11, 18, tzinfo=UTC)),
    ],
)
def test_it_reads_points_in_time(raw, moment):
    assert normalize_datetime(raw, timezone=None) == moment


def test_it_reads_a_time_without_an_offset_in_the_persons_zone():
    assert normalize_datetime("2026-07-01 12:00", timezone="Europe/Berlin") == datetime(
        2026, 7, 1, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("3/4/2026", "datetime_ambiguous"),
        ("soon", "datetime_invalid"),
        ("31.02.2026", "datetime_invalid"),
        ("1066-10-14", "datetime_out_of_range"),
        ("0001-01-01T00:00:00+14:00", "datetime_out_of_range"),
        (10**30, "datetime_out_of_range"),
        (float("inf"), "datetime_out_of_range"),
        (float("nan"), "datetime_out_of_range"),
    ],
)
def test_it_refuses_times_that_cannot_be_told(raw, code):
    with pytest.raises(ValueRefused) as refused:
        normalize_datetime(raw, timezone=None)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("en_US", "en"),
        ("deu", "de"),
        ("ger", "de"),
        ("German", "de"),
        ("Deutsch", "de"),
        ("Español", "es"),
        ("allemand", "de"),
        ("Portuguese (Brazil)", "pt"),
        ("zh-Hant-TW", "zh"),
    ],
)
def test_it_knows_languages_by_tag_and_name(raw, code):
    assert normalize_language(raw) == code


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("EST", "America/New_York"),
        ("CET", "Europe/Berlin"),
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("UTC", "UTC"),
        ("UTC+1", "Etc/GMT-1"),
        ("GMT-05:00", "Etc/GMT+5"),
    ],
)
def test_it_knows_time_zones_by_name(raw, name):
    assert normalize_timezone(raw) == name


def test_it_refuses_languages_and_zones_that_do_not_exist():
    with pytest.raises(ValueRefused):
        normalize_language("Klingonish")
    with pytest.raises(ValueRefused):
        normalize_timezone("Mars/Olympus")
