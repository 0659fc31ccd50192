"""One declaration of how long a value can be: columns take what normalizing lets through."""

import pytest
from django.db import models

from intake.canonical import CANONICAL_FIELDS
from intake.lead_changes import VALUE_COLUMNS
from intake.models import CompanyProfile, Lead
from intake.stages.enrichment import FILLED

TEXT = [name for name in VALUE_COLUMNS if isinstance(Lead._meta.get_field(name), models.CharField)]


@pytest.mark.parametrize("name", TEXT)
def test_a_leads_column_is_as_long_as_its_field(name):
    assert Lead._meta.get_field(name).max_length == CANONICAL_FIELDS[name].max_length


@pytest.mark.parametrize("name", [name for name in FILLED if name in TEXT])
def test_what_is_known_of_a_company_fits_into_a_lead(name):
    column = "name" if name == "company" else name
    assert CompanyProfile._meta.get_field(column).max_length == CANONICAL_FIELDS[name].max_length


def test_no_text_column_of_a_lead_was_left_out():
    assert {"email", "phone", "first_name", "company", "website", "timezone"} <= set(TEXT)
