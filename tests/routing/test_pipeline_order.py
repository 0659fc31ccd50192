from django.test import override_settings

from routing.checks import check_pipeline_order

RIGHT = [
    "TRANSACTION",
    "intake.stages.deduplicate",
    "routing.stages.score",
    "routing.stages.route",
    "routing.stages.start_sla",
    "routing.stages.notify_owner",
]
ROUTE_FIRST = [*RIGHT[:2], "routing.stages.route", "routing.stages.score", *RIGHT[4:]]
CLOCK_TOO_EARLY = [
    *RIGHT[:3],
    "routing.stages.start_sla",
    "routing.stages.route",
    "routing.stages.notify_owner",
]
OUTSIDE = ["routing.stages.score", *RIGHT[:2], *RIGHT[3:]]
WITHOUT_ROUTE = [*RIGHT[:3]]


def found(pipeline: str) -> list[str | None]:
    with override_settings(LEADOPS_PIPELINE=f"{__name__}.{pipeline}"):
        return [message.id for message in check_pipeline_order(None)]


def test_the_shipped_order_is_right():
    assert check_pipeline_order(None) == []


def test_route_may_come_before_score():
    assert found("ROUTE_FIRST") == []


def test_a_clock_cannot_start_before_there_is_an_owner():
    assert found("CLOCK_TOO_EARLY") == ["routing.E001"]


def test_scoring_outside_the_transaction_is_an_error():
    assert found("OUTSIDE") == ["routing.E001", "routing.E001"]


def test_a_pipeline_that_does_not_route_is_an_error():
    assert found("WITHOUT_ROUTE") == ["routing.E002"]
