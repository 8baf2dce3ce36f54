"""Whose assertions count: the operator's document, and what is wrong with one."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.adapters.client_files import read_assertion_issuers
from idp.errors import ConfigurationError, RefusedError
from idp.oauth.clients.assertion_issuers import AssertionIssuer, parse_issuers

from ...fakes.client_keys import jwks_of, pair

HRM = "https://nhansu.haugiang.example"
LEVELS = {"urn:x:1": 1, "urn:x:2": 2}
JWKS = json.loads(jwks_of(pair("ES256")))
LEAST: dict[str, Any] = {"jwks_uri": f"{HRM}/jwks", "clients": ["lgsp"], "scope": "openid"}


def one(**changes: Any) -> AssertionIssuer:
    members = {name: value for name, value in (LEAST | changes).items() if value is not None}
    return parse_issuers({HRM: members}, development=False, levels=LEVELS)[HRM]


def test_the_least_that_an_issuer_says_means_no_more_than_that() -> None:
    issuer = one()
    assert (issuer.issuer, issuer.clients, issuer.scope) == (HRM, {"lgsp"}, {"openid"})
    assert (issuer.subject, issuer.level, issuer.jwks, issuer.jwks_uri) == ("uid", 1, "", f"{HRM}/jwks")


def test_everything_that_an_issuer_may_say() -> None:
    issuer = one(jwks=JWKS, jwks_uri=None, subject="sub", acr="urn:x:2", scope="openid profile offline_access")
    assert (issuer.subject, issuer.level, issuer.scope) == ("sub", 2, {"openid", "profile"})
    assert json.loads(issuer.jwks) == JWKS


@pytest.mark.parametrize(("changes", "word"), [
    ({"clients": []}, "clients"), ({"clients": None}, "clients"), ({"clients": "lgsp"}, "clients"), ({"scope": None}, "scope"),
    ({"scope": "offline_access"}, "scope"), ({"scope": "unheard-of"}, "scope"), ({"scope": "openid admin"}, "administrator"),
    ({"jwks": JWKS}, "jwks"), ({"jwks_uri": None}, "jwks"),
    ({"jwks": {"keys": []}, "jwks_uri": None}, "jwks"), ({"jwks": [], "jwks_uri": None}, "jwks"),
    ({"jwks": {"keys": [pair("ES256").as_dict(private=True)]}, "jwks_uri": None}, "private"),
    ({"jwks_uri": "http://nhansu.haugiang.example/jwks"}, "jwks_uri"), ({"acr": "urn:x:3"}, "acr"), ({"acr": 2}, "acr"),
    ({"subject": "mail"}, "subject"), ({"level": 2}, "unknown"), ({"algorithms": ["none"]}, "unknown"),
])
def test_a_mistake_is_named(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedError, match=word):
        one(**changes)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from([*LEAST, HRM, "", "subject", "acr", "jwks"]), inner)))
def test_whatever_the_document_holds_it_is_read_or_refused_in_one_sentence(document: Any) -> None:
    with contextlib.suppress(RefusedError):
        assert parse_issuers(document, development=False, levels=LEVELS) == {}


def test_the_file(tmp_path: Path) -> None:
    def read(path: Path | None) -> Any:
        return read_assertion_issuers(path, development=False, levels=LEVELS)

    assert read(None) == {}
    place = tmp_path / "issuers.json"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(place)
    for content in (b"", b"[", b"\xff", b"[]", f'{{"{HRM}": {{}}}}'.encode(), b"[" * 100_000):
        place.write_bytes(content)
        with pytest.raises(ConfigurationError):
            read(place)
    place.write_text(json.dumps({HRM: LEAST}), encoding="utf-8")
    assert read(place)[HRM].clients == {"lgsp"}
