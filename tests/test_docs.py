"""The pages of the documentation that are lists of what there is."""

import importlib
import re
from pathlib import Path

import pytest

from skmeta import list_learners

ROOT = Path(__file__).parents[1]


def test_each_shipped_learner_has_its_card_in_the_docs_and_a_line_in_the_readme():
    cards = (ROOT / "docs" / "cards.md").read_text(encoding="utf-8")
    assert re.findall(r"pretrained/(.*)\.md", cards) == sorted(list_learners())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("## Shipped learners") : readme.index("## Results")]
    named = set(re.findall(r"`([a-z-]+)`", table))
    named |= {f"{name}-regression" for name in named if name.endswith("-tabular")}
    assert set(list_learners()) <= named


def test_the_index_leads_to_every_page():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= set(index.split())


def api():
    """What the page of the API lists: module and name."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for entry in re.findall(r"^   ((?:[a-z_]+\.)*\w+)$", page, flags=re.MULTILINE):
        *path, name = entry.split(".")
        yield ".".join(["skmeta", *path]), name


def test_the_api_is_found():
    assert ("skmeta", "InContextClassifier") in api() and len(list(api())) > 30


@pytest.mark.parametrize(("module", "name"), list(api()))
def test_what_the_api_lists_has_an_example(module, name):
    """That they run, without downloads and toolkits, is for the tests of the package."""
    docstring = getattr(importlib.import_module(module), name).__doc__
    assert "Examples\n" in docstring and ">>> " in docstring
