"""Rule 3: state is rows; Celery only nudges. Every task can be reached, and none of them holds logic."""

import ast
from importlib import import_module

import pytest
from django.conf import settings

from leadops.celery import app
from tests.structure.repository import BASE, LAYERS, called, first_party, function_around

MOST_STATEMENTS = 3

for layer in LAYERS:
    if (BASE / layer / "tasks.py").exists():
        import_module(f"{layer}.tasks")
TASKS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def decorated():
    """Every task function of ours, with the call that makes it a task."""
    for module in first_party():
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            for decorator in function.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
                if called(call) in ("shared_task", "task"):
                    yield module, function, call


def test_there_are_tasks_on_every_floor_that_has_work():
    assert {name.split(".")[0] for name in TASKS} == {
        "leadops",
        "crm_sync",
        "routing",
        "intake",
        "exception_queue",
    }
    assert len(list(decorated())) == len(TASKS)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_is_named_after_its_floor_and_has_a_queue_that_a_worker_listens_to(name):
    assert name.split(".")[0] == TASKS[name].__module__.split(".")[0]
    rules = [
        rule
        for pattern, rule in settings.CELERY_TASK_ROUTES.items()
        if name.startswith(pattern.removesuffix("*"))
    ]
    assert len(rules) == 1
    assert rules[0]["queue"] in settings.LEADOPS_CELERY_QUEUES


def test_a_task_is_a_one_liner_with_an_explicit_name():
    for module, function, call in decorated():
        body = [
            node
            for node in function.body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        assert len(body) <= MOST_STATEMENTS, f"{module.at(function)} holds logic"
        assert not any(isinstance(node, ast.For | ast.While | ast.Try | ast.With) for node in body), (
            module.at(function)
        )
        assert "name" in {keyword.arg for keyword in call.keywords}, (
            f"{module.at(function)} has no name of its own"
        )
        assert module.name.endswith("/tasks.py"), f"{module.at(function)} is no place for a task"


def test_every_entry_of_beat_names_a_task():
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(TASKS)


def test_every_task_that_is_nudged_has_a_sweep_that_finds_what_a_lost_nudge_leaves():
    swept = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    nudged = {}
    for module in first_party():
        if module.dotted == "plumbing.nudges":
            continue
        for call in module.nodes(ast.Call):
            if called(call) == "nudge":
                said = compile(ast.Expression(call.args[0]), module.name, "eval")
                nudged[module.at(call)] = eval(said, vars(import_module(module.dotted)))
    assert len(nudged) > 5
    assert {place: name for place, name in nudged.items() if name not in swept & set(TASKS)} == {}


def test_no_task_carries_business_time():
    found = []
    for module in first_party():
        for call in module.nodes(ast.Call):
            if called(call) in ("apply_async", "send_task", "signature") and (
                {keyword.arg for keyword in call.keywords} & {"eta", "countdown"}
            ):
                found.append(module.at(call))
            if called(call) in ("delay", "apply_async") and function_around(call):
                found.append(f"{module.at(call)}: nudge instead")
    assert not found
