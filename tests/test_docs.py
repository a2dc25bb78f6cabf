"""What the documentation names is there: tests, commands of this repository, and files that it links to."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=[str(each.relative_to(ROOT)) for each in PAGES])
def test_a_page_names_what_is_there(page: Path) -> None:
    text = page.read_text("utf8")
    tests = set(re.findall(r"\btest_\w+\.py\b", text))
    assert {each for each in tests if not (ROOT / "tests" / each).is_file()} == set()
    modules = set(re.findall(r"python -m ((?:bench|fuzz|supply|ui)(?:\.\w+)*)", text))
    assert {each for each in modules if find_spec(each) is None} == set()
    links = {each.split("#")[0] for each in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:|#", each)}
    assert {each for each in links if not (page.parent / each).exists()} == set()


def test_there_are_pages() -> None:
    assert len(PAGES) > 8
