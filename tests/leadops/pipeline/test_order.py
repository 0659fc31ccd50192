"""A pipeline whose stages stand above what they need is refused before anything runs."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from intake.batch import Batch
from intake.checks import check_pipeline
from intake.pipeline import stage
from leadops.pipeline import LEAD_PIPELINE as SHIPPED
from routing.checks import check_pipeline_routes

pipeline: list[str] = []


def silent(batch: Batch) -> None:
    """A stage of somebody's own that says nothing about what it needs."""


@stage(needs=("route", "gone"))
def demanding(batch: Batch) -> None:
    """A stage of somebody's own that needs one that is not in the list."""


def found(*lines: str) -> list[tuple[str | None, str]]:
    pipeline[:] = lines
    with override_settings(LEADOPS_PIPELINE=f"{__name__}.pipeline"):
        return [
            (message.id, message.msg) for message in (*check_pipeline(None), *check_pipeline_routes(None))
        ]


def moved(line: str, *, before: str) -> list[str]:
    lines = [one for one in SHIPPED if one != line]
    lines.insert(lines.index(before), line)
    return lines


def test_the_shipped_order_is_right():
    assert found(*SHIPPED) == []


def test_route_may_come_before_score():
    assert found(*moved("routing.stages.route", before="routing.stages.score")) == []


@pytest.mark.parametrize(
    ("line", "before", "refusal"),
    [
        ("routing.stages.start_sla", "routing.stages.route", "start_sla stands above route"),
        ("routing.stages.notify_owner", "routing.stages.score", "notify_owner stands above route"),
        ("crm_sync.stages.queue_push", "intake.stages.deduplicate", "queue_push stands above deduplicate"),
        ("routing.stages.score", "intake.stages.enrich", "score stands above deduplicate"),
        ("intake.stages.deduplicate", "TRANSACTION", "deduplicate stands above TRANSACTION"),
        ("intake.stages.normalize", "intake.stages.screen_spam", "validate stands above normalize"),
    ],
)
def test_a_stage_above_what_it_needs_is_an_error(line, before, refusal):
    [(id, message)] = found(*moved(line, before=before))
    assert (id, message) == ("intake.E005", f"{refusal} in the pipeline, which it needs.")


def test_what_goes_on_the_wire_stands_above_the_transaction():
    [(id, message)] = found(*moved("intake.stages.enrich", before="routing.stages.score"))
    assert (id, message) == (
        "intake.E003",
        "enrich asks others over the wire, so it stands above TRANSACTION.",
    )


def test_a_stage_of_ones_own_is_held_to_what_it_says_and_can_say_nothing():
    assert found(f"{__name__}.silent", *SHIPPED) == []
    assert [message for _id, message in found(*SHIPPED, f"{__name__}.demanding")] == [
        "demanding stands above gone in the pipeline, which it needs."
    ]


def test_a_pipeline_that_does_not_route_is_an_error():
    lines = [
        line for line in SHIPPED if line.rpartition(".")[2] not in ("route", "start_sla", "notify_owner")
    ]
    assert [id for id, _message in found(*lines)] == ["routing.E001"]


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ([*SHIPPED, "routing.stages.score"], ["intake.E006"]),
        ([*SHIPPED, "TRANSACTION"], ["intake.E002"]),
        ([line for line in SHIPPED if line != "TRANSACTION"], ["intake.E002", "intake.E005"]),
        ([*SHIPPED, "intake.stages.nowhere"], ["intake.E004"]),
    ],
)
def test_a_list_that_cannot_run_is_an_error(lines, ids):
    assert [id for id, _message in found(*lines)] == ids


def test_nothing_starts_with_such_a_pipeline():
    pipeline[:] = moved("routing.stages.start_sla", before="routing.stages.route")
    with (
        override_settings(LEADOPS_PIPELINE=f"{__name__}.pipeline"),
        pytest.raises(SystemCheckError, match="start_sla stands above route"),
    ):
        call_command("check")
