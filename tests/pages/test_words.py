"""The texts: all of them through gettext, complete in English, and in the words of docs/glossary.md."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from . import catalogue
from .render import LANGUAGES, Pages
from .samples import SAMPLES

TEMPLATES = sorted((catalogue.ROOT / "templates").rglob("*.html"))
SOURCES = sorted((catalogue.ROOT / "idp" / "web").rglob("*.py"))
GLOSSARY = (catalogue.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
GETTEXT = {"_", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext", "pgettext", "npgettext"}
SPOKEN = {"alt", "title", "aria-label", "aria-description", "aria-roledescription", "placeholder", "summary", "label"}
LETTERS = re.compile(r"[^\W\d_]")
VIETNAMESE = re.compile(r"[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")


def _table(heading: str) -> list[tuple[str, str]]:
    part = GLOSSARY.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in part.splitlines() if line.startswith("| ")]
    return [(left, right) for left, right in rows[1:]]


def _forms(cell: str) -> list[str]:
    return [form.strip().casefold() for form in cell.split(" / ")]


def _texts() -> Iterator[tuple[str, str]]:
    """Give every text of the product with its English: singular and plural as texts of their own, without marks of HTML."""
    for message in catalogue.english():
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for vietnamese, english in zip(ids, strings, strict=True):
                yield tuple(re.sub(r"<[^>]+>|%\(\w+\)[sd]", "…", text) for text in (vietnamese, english))  # type: ignore[misc]


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    assert catalogue.untranslated() == []


def test_both_languages_take_the_same_values() -> None:
    for message in catalogue.english():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            assert set(re.findall(r"%\(\w+\)[sd]|</?\w+>", text)) == set(re.findall(r"%\(\w+\)[sd]|</?\w+>", ids[0])), ids[0]


class _Bare(HTMLParser):
    """Collects words that stand in a template outside gettext."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag}[{name}]={value}" for name, value in attrs if name in SPOKEN and LETTERS.search(value or "")]

    def handle_data(self, data: str) -> None:
        if LETTERS.search(data):
            self.found.append(data.strip())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(catalogue.ROOT / "templates")))
def test_no_template_has_a_text_outside_gettext(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    bare = _Bare()
    bare.feed("".join(value if kind == "data" else "·" for _line, kind, value in environment.lex(source)
                      if kind in {"data", "variable_begin", "block_begin"}))
    bare.close()
    assert bare.found == []
    tree = environment.parse(source)
    translated = {id(constant) for call in tree.find_all(nodes.Call)
                  if isinstance(call.node, nodes.Name) and call.node.name in GETTEXT for constant in call.find_all(nodes.Const)}
    outside = [constant.value for constant in tree.find_all(nodes.Const) if isinstance(constant.value, str)
               and VIETNAMESE.search(constant.value) and id(constant) not in translated]
    assert outside == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_view_has_vietnamese_outside_gettext(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for call in ast.walk(tree) if isinstance(call, ast.Call)
              and getattr(call.func, "id", getattr(call.func, "attr", "")) in GETTEXT for part in ast.walk(call)}
    documents = {id(node.body[0].value) for node in ast.walk(tree)
                 if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                 and node.body and isinstance(node.body[0], ast.Expr)}
    assert [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            and VIETNAMESE.search(node.value) and id(node) not in inside | documents] == []


def test_texts_are_nfc_and_calm() -> None:
    for texts in _texts():
        for text in texts:
            assert unicodedata.normalize("NFC", text) == text
            assert "!" not in text
            assert "..." not in text
            assert text == text.strip()


def test_each_pair_of_the_glossary_is_used_and_used_for_nothing_else() -> None:
    pairs = sorted(_table("Pairs"), key=lambda pair: -len(pair[0]))
    unused = {term for term, _english in pairs}
    wrong = []
    for vietnamese, english in _texts():
        rest, said = vietnamese.casefold(), english.casefold()
        for term, translation in pairs:
            for form in _forms(term):
                if re.search(rf"(?<!\w){re.escape(form)}(?!\w)", rest):
                    unused.discard(term)
                    if not any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in _forms(translation)):
                        wrong.append(f"{term!r} is {translation!r}, but {vietnamese!r} is {english!r}")
                    rest = rest.replace(form, "·")
    assert wrong == []
    assert unused == set(), "in the glossary, but on no page"


def test_words_that_the_glossary_rules_out_are_not_written() -> None:
    found = []
    for left, right in _table("Not written"):
        for form in _forms(left):
            word = re.compile(rf"(?<!\w){re.escape(form)}(?!\w)")
            for vietnamese, english in _texts():
                side = vietnamese if VIETNAMESE.search(right + left) else english
                if word.search(side.casefold()):
                    found.append(f"{form!r} in {side!r}: write {right}")
    assert found == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rendered_pages_speak_one_language(lang: str) -> None:
    pages, data = Pages(), _data_words()
    for sample in SAMPLES:
        html = pages.html(sample, lang)
        text = re.sub(r"<[^>]+>", "\n", re.sub(r"(?s)<a [^>]*hreflang.*?</a>", "", html))
        left = text
        for word in data:
            left = left.replace(word, "")
        if lang == "en":
            assert VIETNAMESE.findall(left) == [], sample.name
        else:
            assert f'<html lang="{lang}">' in html
            assert re.findall(r"\b(?:the|your|please|sign)\b", left) == [], sample.name


def _data_words() -> list[str]:
    """Names of people, agencies and applications in the samples, longest first: they are the same in both languages."""
    words: set[str] = {"Hậu Giang"}

    def collect(value: object) -> None:
        if isinstance(value, str):
            words.add(value)
        elif isinstance(value, dict):
            for part in value.values():
                collect(part)
        elif isinstance(value, list | tuple):
            for part in value:
                collect(part)

    for sample in SAMPLES:
        collect(sample.data("en"))
    return sorted((word for word in words if len(word) > 2), key=len, reverse=True)
