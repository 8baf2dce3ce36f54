"""The guides are read without a sign-in, in the language of the reader."""

from __future__ import annotations

import pytest

from .site import Site


@pytest.mark.parametrize(("page", "vi", "en"), [
    ("", "Trợ giúp", "Help"), ("officials", "Hướng dẫn cho cán bộ", "Guide for officers"),
    ("administrators", "Hướng dẫn cho quản trị đơn vị", "Guide for the agency administrator"),
    ("vendors", "Hướng dẫn cho nhà cung cấp", "Guide for vendors")])
def test_a_guide_is_open_to_everybody_in_both_languages(site: Site, page: str, vi: str, en: str) -> None:
    browser = site.browser()
    assert f"<h1>{vi}</h1>" in browser.get(f"/help/{page}").text
    assert f"<h1>{en}</h1>" in browser.get(f"/help/{page}", **{"Accept-Language": "en"}).text


def test_there_is_no_other_guide_and_a_picture_is_a_file_of_ours(site: Site) -> None:
    browser = site.browser()
    assert browser.get("/help/everything").status_code == 404
    text = browser.get("/help/officials").text
    picture = text.split('<img src="')[2].split('"')[0]
    answer = browser.get(picture)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
