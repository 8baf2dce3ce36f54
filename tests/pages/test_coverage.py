"""No page is forgotten: whatever an address of the product can answer with is a sample, and so is looked at by the browser
(tests/browser/test_pages.py), in both languages, themes and widths."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.administration.office import Office
from tests.web.console import Console

from .catalogue import ROOT
from .samples import SAMPLES

TEMPLATES, WEB = ROOT / "templates", ROOT / "idp" / "web"
SHOWN = {sample.template for sample in SAMPLES}
UNSEEN = {"session/check.html": "a frame that nobody sees"}
NO_PAGES = {
    "idp.web": "static files",
    "idp.web.account": "leads on to /account/security",
    "idp.web.authorize": "leads on to what has to be asked, which onward.py shows",
    "idp.web.login.passkey": "answers a script",
    "idp.web.i18n": "leads back to the page in another language",
    "idp.web.login.factors": "leads on to the factor",
}
"""Modules whose addresses answer with no page of their own."""


def _made_by(path: Path) -> set[str]:
    """Name the templates that a module makes pages with; where a part of the name is worked out, each that it may be."""
    made: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in node.values]
            made |= {name for name in SHOWN if re.fullmatch("".join(parts), name)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w[\w/]+\.html", node.value):
            made.add(node.value)
    return made


def _pages(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.html"):
        name = str(path.relative_to(TEMPLATES))
        if not name.startswith("_parts/") and name != "base.html":
            yield name


def test_every_template_is_a_sample_or_part_of_one() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    frames = set(re.findall(r'\{%-? (?:extends|include) "([^"]+)"', source))
    assert set(_pages(TEMPLATES)) - SHOWN - frames - set(UNSEEN) == set()
    assert set(_pages(TEMPLATES)) >= SHOWN


def test_every_address_answers_with_pages_that_are_samples(sqlite_template: Path, tmp_path: Path) -> None:
    made = {path: _made_by(path) for path in WEB.rglob("*.py")}
    assert set().union(*made.values()) - SHOWN - set(UNSEEN) == set()
    database = tmp_path / "idp.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    office = Office(f"sqlite:///{database}")
    app = Console(office).app
    without = {}
    for rule in app.url_map.iter_rules():
        module = app.view_functions[rule.endpoint].__module__
        file = Path(str(importlib.import_module(module).__file__))
        near = {file, *(file.parent.glob("*.py") if file.name == "__init__.py" else ())}
        if not any(made.get(path) for path in near):
            without.setdefault(module, []).append(rule.rule)
    office.close()
    assert set(without) <= set(NO_PAGES), without
