"""Rule 3: rows that are due are found and claimed through partial indexes, so a sweep over nothing costs nothing."""

import pytest
from django.apps import apps  # noqa: TID251  to look at every model there is

from tests.structure.repository import LAYERS

CLAIMED = [
    model
    for model in apps.get_models()
    if model._meta.app_label in LAYERS and any(field.name == "claim_token" for field in model._meta.fields)
]
SWEPT = [
    "intake.Submission",
    "routing.OwnerNotice",
    "routing.SlaStep",
    "crm_sync.OutboxEntry",
    "crm_sync.InboundEvent",
    "crm_sync.BornContact",
]


def partial_indexes(model):
    return {tuple(index.fields) for index in model._meta.indexes if index.condition is not None}


@pytest.mark.parametrize("model", CLAIMED, ids=lambda model: model.__name__)
def test_a_claim_finds_its_rows_again_by_an_index_on_the_token(model):
    assert {"claim_token", "claimed_until"} <= {field.name for field in model._meta.fields}
    assert ("claim_token",) in partial_indexes(model)


@pytest.mark.parametrize("label", SWEPT)
def test_what_is_due_has_a_partial_index(label):
    assert any("due_at" in fields for fields in partial_indexes(apps.get_model(label)))


def test_what_is_claimed_is_swept():
    assert {model._meta.label for model in CLAIMED} <= {
        *SWEPT,
        "exception_queue.AlertNotice",
        "crm_sync.MirrorProgress",
    }
