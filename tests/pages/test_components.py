"""One look in one place: pages take buttons, fields, tables, badges and the like from templates/_parts and write none by hand.

How each component looks is seen in the gallery (``/gallery`` of a development server), at which tests/browser looks as well.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .catalogue import ROOT

TEMPLATES = ROOT / "templates"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "_parts" not in path.parts)
BY_HAND = ("<table", "<input", "<select", "<textarea", "<button", 'class="btn', 'class="tag', 'class="timeline', 'class="summary',
           'class="filters', 'class="steps', 'class="note', 'class="alert', 'class="form-', "<option value",
           'class="choice__go" type')
"""What only the macros write."""
EXCEPTIONS = {
    "console/expiry.html": {"<table": "a grid with a sum below: no list of rows"},
    "console/paper.html": {"<table": "on paper, by Decree 30/2020"},
    "console/record.html": {"<table": "on paper, by Decree 30/2020"},
    "login/change_password.html": {"<input": "the name for password managers, which nobody sees or types"},
}
"""Where it is written by hand all the same, and why. This list only becomes shorter."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_page_takes_what_it_is_made_of_from_the_macros(path: Path) -> None:
    source = re.sub(r"(?s)\{#.*?#\}", "", path.read_text(encoding="utf-8"))
    found = {mark for mark in BY_HAND if mark in source}
    assert found == set(EXCEPTIONS.get(str(path.relative_to(TEMPLATES)), {}))


def test_every_exception_is_a_page() -> None:
    assert {str(path.relative_to(TEMPLATES)) for path in PAGES} >= set(EXCEPTIONS)


COMPONENTS = ("form.html", "table.html", "state.html")


def test_the_gallery_shows_every_component() -> None:
    shown = (TEMPLATES / "gallery.html").read_text(encoding="utf-8")
    parts = [(TEMPLATES / "_parts" / name).read_text(encoding="utf-8") for name in COMPONENTS]
    inner = {"look", "around", "described", "head"}
    macros = {name for part in parts for name in re.findall(r"\{%-? macro (\w+)\(", part)} - inner
    assert {name for name in macros if not re.search(rf"\b{name}\(", shown)} == set()
    named = set(" ".join(re.findall(r'call part\(.*?, "([^"]+)"\)', shown)).split())
    assert named >= macros - {"hidden_value"}


def test_every_macro_is_used() -> None:
    parts = {path: path.read_text(encoding="utf-8") for path in (TEMPLATES / "_parts").glob("*.html")}
    everything = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    unused = [f"{path.name}: {name}" for path, source in parts.items() for name in re.findall(r"\{%-? macro (\w+)\(", source)
              if not re.search(rf"(?<!macro )\b{name}\(", everything)]
    assert unused == []
