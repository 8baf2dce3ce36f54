"""Help: words at the foot of each page for officers and administrators, and guides whose pictures are there and small."""

from __future__ import annotations

import re

import pytest

from idp.web.help.pages import _WORDS, words_for
from tests.browser.pictures import PICTURES, SIZE, named

from .catalogue import ROOT
from .render import LANGUAGES, Pages
from .samples import SAMPLES

TEMPLATES = ROOT / "templates"
PAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")
               if re.search(r'extends "_parts/(?:console|portal)\.html"', path.read_text(encoding="utf-8")))
MOST_BYTES = 40_000


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


def test_every_page_of_officers_and_administrators_says_what_it_is_for(pages: Pages) -> None:
    assert len(PAGES) > 60
    with pages.app.test_request_context("/"):
        assert [template for template in PAGES if not words_for(template)] == []
        assert [name for name in _WORDS if not any(template.startswith(name) for template in PAGES)] == []
        assert words_for("login/sign_in.html") == ""
        assert words_for("account/security.html") != words_for("account/sessions.html"), "the longest name that fits"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_help_stands_on_the_page_and_its_mark_leads_there(pages: Pages, lang: str) -> None:
    shown = {}
    for sample in SAMPLES:
        if sample.template in PAGES and sample.template not in shown:
            html = shown[sample.template] = pages.html(sample, lang)
            assert html.index('href="#help"') < html.index("<main") < html.index('id="help"')
            assert f'href="/help/{"administrators" if sample.template.startswith("console/") else "officials"}"' in html
    assert set(shown) == set(PAGES)


def test_every_picture_of_a_guide_is_there_in_both_languages_small_and_none_is_left_over() -> None:
    wanted = {f"{name}.{lang}.webp" for name in named() for lang in LANGUAGES}
    assert len(wanted) >= 16
    found = {path.name: path.read_bytes() for path in PICTURES.iterdir()}
    assert set(found) == wanted, "python -m tests.browser.pictures writes them"
    for name, content in found.items():
        assert content[8:12] == b"WEBP", name
        assert len(content) < MOST_BYTES, name
        width, height = (int.from_bytes(content[at:at + 2], "little") & 0x3FFF for at in (26, 28))
        assert content[12:16] != b"VP8 " or (width, height) == SIZE, name


def test_the_guide_for_vendors_has_the_addresses_of_this_provider(pages: Pages) -> None:
    html = pages.html(next(sample for sample in SAMPLES if sample.name == "help-vendors"), "vi")
    assert html.count("https://sso.haugiang.gov.vn/.well-known/openid-configuration") == 2
    assert "S256" in html
