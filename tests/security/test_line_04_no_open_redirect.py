"""Line 4: until client and redirect URI are both valid, errors are shown on our page and never redirected."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.authorization_request import AuthorizationError, UnsafeRequestError, parse
from idp.oauth.client import ClientRegistry
from tests.fakes.client_store import FakeClientStore
from tests.fakes.clock import FakeClock
from tests.provider import REDIRECT_URI, REGISTERED

REGISTRY = ClientRegistry(FakeClientStore(REGISTERED), FakeClock())


@given(redirect_uri=st.one_of(
    st.text(max_size=80), st.text(max_size=20).map(lambda tail: REDIRECT_URI + tail),
    st.sampled_from(["https://evil.example/", "//evil.example", "https://qlvb.example@evil.example/callback",
                     "javascript:alert(1)",
                     "https://qlvb.example/callback/../evil", "https://qlvb.example:444/callback", "https:/qlvb.example/callback",
                     "https://QLVB.example/callback", "https://qlvb.example/callback#x", " " + REDIRECT_URI])))
def test_line_04_no_error_carries_an_address_that_is_not_registered(redirect_uri: str) -> None:
    for response_type in ("code", "token", ""):
        try:
            parse({"client_id": ["qlvb"], "redirect_uri": [redirect_uri], "response_type": [response_type]}, REGISTRY,
                  read_hint=lambda token, client_id: "")
        except AuthorizationError as told:
            assert told.redirect_uri == redirect_uri == REDIRECT_URI  # noqa: PT017 - the other outcome is right as well
        except UnsafeRequestError:
            assert redirect_uri != REDIRECT_URI


@pytest.mark.parametrize("query", [
    "client_id=nobody&redirect_uri=https://evil.example/&response_type=code",
    "client_id=qlvb&redirect_uri=https://evil.example/&response_type=nonsense",
    "client_id=qlvb&redirect_uri=https://evil.example/&response_type=code&prompt=none",
    "redirect_uri=https://evil.example/", "",
])
def test_line_04_our_own_page_is_shown(fuzz_app: Flask, query: str) -> None:
    answer = fuzz_app.test_client().get(f"/authorize?{query}", headers={"Host": "localhost:8000"})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert not re.search(r"(href|action|src|content)=.(https?:)?//evil", answer.get_data(as_text=True))
