"""What is written down is what the code says."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps  # noqa: TID251  to look at every model there is
from django.conf import settings
from django.core.management import call_command

from exception_queue.kinds import all_kinds
from intake.models import Submission
from tests.structure.repository import BASE, LAYERS, files, first_party, parse

PAGES = [path for path in files() if path.suffix == ".md"]
README = (BASE / "README.md").read_text(encoding="utf-8")
# Between the launcher and its own children, or between two of its starts.
INTERNAL = {"LEADOPS_LAUNCH", "LEADOPS_LAUNCHER_PID", "LEADOPS_SOCKETS"}


def settings_and_variables():
    """Names of our settings, and of every variable that is read from the environment."""
    found = set()
    for file in sorted((BASE / "leadops" / "settings").glob("*.py")):
        for node in parse(file).nodes(ast.Name, ast.Call):
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)
                and node.id.startswith("LEADOPS_")
            ):
                found.add(node.id)
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("env.", "os.environ.")):
                found |= {each.value for each in node.args[:1] if re.fullmatch(r"[A-Z_]+", str(each.value))}
    for module in first_party():
        found |= {
            node.value
            for node in module.nodes(ast.Constant)
            if isinstance(node.value, str) and re.fullmatch(r"LEADOPS_[A-Z_]+", node.value)
        }
    return found - INTERNAL


def test_every_setting_and_variable_is_documented_and_none_that_does_nothing():
    page = (BASE / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([A-Z_]+)` \|", page, flags=re.MULTILINE)
    assert sorted(documented) == sorted(settings_and_variables())


def test_the_environment_is_read_by_the_settings_and_handed_on_by_the_launcher():
    found = {
        module.name
        for module in first_party()
        for node in module.nodes(ast.Attribute)
        if ast.unparse(node) in ("os.environ", "os.getenv") and not _only_names_the_settings(node)
    }
    launcher = {name for name in found if name.startswith("leadops/launcher/")}
    assert found - launcher == {"leadops/settings/environment.py", "leadops/management/commands/up.py"}


def _only_names_the_settings(node):
    call = node.parent.parent
    return isinstance(call, ast.Call) and ast.unparse(call.func) == "os.environ.setdefault"


def test_variables_in_the_readme_are_real():
    table = README.split("## Environment")[1].split("\n## ")[0]
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", table)) <= settings_and_variables()


def test_the_guide_to_exceptions_is_written_from_the_code():
    written = StringIO()
    call_command("exception_guide", stdout=written)
    page = (BASE / "docs" / "exceptions.md").read_text(encoding="utf-8")
    assert page == written.getvalue(), "Run `make docs`."
    assert all(f"`{kind.key}`" in page and kind.what_to_do in page for kind in all_kinds())


def test_the_readme_shows_the_pipeline_as_it_is():
    module = parse(BASE / "leadops" / "pipeline.py")
    (declared,) = (
        node for node in module.nodes(ast.Assign) if getattr(node.targets[0], "id", "") == "LEAD_PIPELINE"
    )
    assert f"```python\n{ast.get_source_segment(module.text, declared)}\n```" in README


def test_the_page_about_the_pipeline_names_every_stage_in_order():
    page = (BASE / "docs" / "how-it-works" / "pipeline.md").read_text(encoding="utf-8")
    module, name = settings.LEADOPS_PIPELINE.rsplit(".", 1)
    lines = vars(__import__(module, fromlist=[name]))[name]
    assert re.findall(r"^\| (?:— )?`(\w+)` \|", page, flags=re.MULTILINE) == [
        line.split(".")[-1] for line in lines
    ]


def test_the_page_about_submissions_names_every_status():
    page = (BASE / "docs" / "how-it-works" / "submission-states.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == sorted(
        Submission.Status.values,
        key=["received", "processing", "held", "retrying"].__contains__,
        reverse=True,
    )


def test_every_model_is_in_the_glossary():
    glossary = (BASE / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = {model.__name__ for model in apps.get_models() if model._meta.app_label in LAYERS}
    ours = {word for word in words if not word.startswith("Historical")}
    assert {
        word for word in ours if not re.search(rf"^\| .*\b{word}\b.* \|", glossary, flags=re.MULTILINE)
    } == set()


def test_every_command_is_in_the_readme_and_in_a_test():
    commands = {
        path.stem
        for path in (BASE / "leadops" / "management" / "commands").glob("*.py")
        if path.stem != "__init__"
    }
    assert {name for name in commands if f"`manage.py {name}" not in README} == set()
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (BASE / "tests").rglob("*.py"))
    assert {name for name in commands if not re.search(rf"[\"' ]{name}[\"' ]", tests)} == set()
    named = set(re.findall(r"^\| `manage\.py (\w+)", README, flags=re.MULTILINE))
    assert named <= commands


def test_every_target_of_make_is_in_the_readme():
    makefile = (BASE / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split()) - {"venv"}
    assert set(re.findall(r"^\| `make (\w+)`", README, flags=re.MULTILINE)) == targets


def headings(page: Path):
    """The anchors of a page, as renderers of Markdown make them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(BASE).as_posix())
def test_links_lead_somewhere(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert not broken


def test_every_page_of_the_docs_can_be_reached_from_the_readme():
    seen, waiting = set(), [BASE / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                waiting.append((page.parent / link).resolve())
    assert {page for page in PAGES if (BASE / "docs") in page.parents} <= seen
