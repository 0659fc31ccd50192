import pytest

from plumbing import dotted


def test_it_finds_a_function():
    assert dotted.resolve("plumbing.counting.counted").__name__ == "counted"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("delay_after", "is not a dotted path"),
        ("plumbing.", "is not a dotted path"),
        ("", "is not a dotted path"),
        ("plumbing.nowhere.delay_after", "there is no module “plumbing.nowhere”"),
        ("plumbing.backoff.nothing", "“plumbing.backoff” has no “nothing”"),
        ("plumbing.backoff._MOST_DOUBLINGS", "is not a function"),
    ],
)
def test_it_says_in_one_sentence_what_is_wrong(path, words):
    with pytest.raises(dotted.DottedPathError, match=words) as caught:
        dotted.resolve(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_it_names_the_module_that_is_really_missing(tmp_path, monkeypatch):
    (tmp_path / "needs_a_stranger.py").write_text("import a_stranger_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(dotted.DottedPathError, match="there is no module “a_stranger_nobody_has”"):
        dotted.resolve("needs_a_stranger.writer")
