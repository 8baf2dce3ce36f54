"""Browsers in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.sessions.user_agent import described

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(("user_agent", "browser", "system"), [
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome", "Windows"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge", "Windows"),
    (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} coc_coc_browser/140.0 Chrome/134.0 Safari/537.36", "Cốc Cốc", "Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox", "Linux"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148"
     " Safari/604.1", "Safari", "iPhone"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15", "Safari", "macOS"),
    (f"Mozilla/5.0 (Linux; Android 15; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Samsung Internet",
     "Android"),
    ("curl/8.5.0", "", ""), ("", "", "")])
def test_a_browser_is_named_as_its_officer_names_it(user_agent: str, browser: str, system: str) -> None:
    assert described(user_agent) == {"browser": browser, "system": system}


@given(st.text(max_size=300))
def test_nothing_that_a_browser_says_comes_out_but_our_own_words(text: str) -> None:
    assert all(len(word) < 20 for word in described(text).values())
