"""Which language a page speaks, and that a choice leads nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .site import QLVB, Site


def lang(page) -> str:
    return page.text.split('<html lang="')[1][:2]


def test_vietnamese_unless_something_else_is_asked(site: Site) -> None:
    assert lang(site.browser().authorize()) == "vi"
    assert lang(site.browser(Accept_Language="fr").authorize()) == "vi"
    assert lang(site.browser(Accept_Language="en-GB,en;q=0.9").authorize()) == "en"


def test_ui_locales_go_before_the_chosen_language_and_the_browsers(site: Site) -> None:
    browser = site.browser(Accept_Language="vi")
    browser.get("/language/vi?next=/")
    assert lang(browser.authorize(ui_locales="fr en-US vi")) == "en"
    assert lang(browser.authorize(ui_locales="xx")) == "vi"


def test_a_choice_made_on_a_page_goes_before_its_ui_locales_and_is_remembered(site: Site) -> None:
    browser = site.browser()
    page = browser.authorize(ui_locales="vi")
    chosen = browser.get(f"/language/en?next={page.request.path}?app=qlvb")
    assert chosen.headers["Location"].startswith("/login/")
    assert lang(browser.get(page.request.path)) == "en"
    assert lang(browser.authorize(ui_locales="vi")) == "vi"
    assert lang(browser.authorize()) == "en"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/\tx",
                                    "javascript:alert(1)", "/%0d%0aSet-Cookie:x", "http:evil", "", "x" * 3000,
                                    "///evil.example", "/ /evil"])
def test_a_choice_leads_only_to_our_own_pages(site: Site, target: str) -> None:
    answer = site.browser().client.get("/language/en", query_string={"next": target}, base_url=site.settings.issuer)
    location = answer.headers["Location"]
    assert location == "/" or (location.startswith("/%0d") and "\n" not in location)


def test_an_unknown_language_is_no_page(site: Site) -> None:
    assert site.browser().get("/language/xx").status_code == 404


def test_the_provinces_name_comes_in_the_pages_language(site: Site) -> None:
    assert "Tỉnh Hậu Giang" in site.browser().authorize().text
    page = site.browser(Accept_Language="en").authorize()
    assert "Hậu Giang Province" in page.text
    assert "tel:+842930000000" in page.text


def test_rfc7591_s2_2_an_application_is_named_in_the_language_of_the_page(site: Site) -> None:
    site.client_store.put(replace(QLVB, localized=(("client_name#en", "Document management"),)))
    site.services.clients.reload()
    browser = site.browser()
    assert QLVB.client_name in browser.authorize(QLVB).text
    page = browser.authorize(QLVB, ui_locales="en")
    assert "Document management" in page.text
    assert QLVB.client_name not in page.text
