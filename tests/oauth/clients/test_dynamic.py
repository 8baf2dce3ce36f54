"""What a registration by an application makes, where the endpoint's tests do not reach: races, and a database that goes away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.errors import RefusedError, UnavailableError
from idp.oauth.clients.dynamic import wanted
from idp.oauth.clients.registration import KNOWN
from idp.oauth.ports import digest
from idp.oauth.tokens.access_token import TokenRefusedError

from ...contracts.client_records import CALLER
from ...contracts.registrations import STRICT
from ...fakes.registrations import METADATA, TERMS, Office


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_token_that_is_used_up_while_the_metadata_is_judged_registers_nothing(office: Office) -> None:
    def slow() -> dict[str, Any]:
        kept = office.tokens.by_digest[digest(office.token)]
        office.tokens.by_digest[digest(office.token)] = replace(kept, used=kept.quota)
        return METADATA

    with pytest.raises(TokenRefusedError):
        office.register(read=slow)
    assert office.clients.all() == []


def test_a_token_that_expires_while_the_metadata_is_judged_registers_nothing(office: Office) -> None:
    office.token = office.initial_access.create(TERMS, quota=1, expires_at=office.clock.now() + 3, caller=CALLER)[1]

    def slow(_url: str) -> bytes:
        office.clock.advance(5)
        return b'["https://app.example/cb"]'

    office.desk.sectors._fetch = slow
    with pytest.raises(TokenRefusedError):
        office.register({**METADATA, "sector_identifier_uri": "https://app.example/sector.json"})
    assert office.clients.all() == []


def test_the_application_is_known_at_once(office: Office) -> None:
    told = office.register()
    client = office.registry.find(told["client_id"])
    assert client is not None
    assert (client.client_name, client.owner) == ("Ứng dụng", TERMS.owner)
    assert office.store.digests == {client.client_id: digest(told["registration_access_token"])}


def test_a_database_that_goes_away_after_the_act_does_not_take_the_answer_with_it(office: Office) -> None:
    office.registry.reload()

    def away() -> int:
        raise UnavailableError("Down.", dependency="database")

    office.clients.version = away  # type: ignore[method-assign]
    assert office.register()["client_secret"]
    assert len(office.store.digests) == 1


def test_a_database_that_is_away_before_the_act_is_told(office: Office) -> None:
    def away(_digest: bytes) -> None:
        raise UnavailableError("Down.", dependency="database")

    office.tokens.find = away  # type: ignore[assignment,method-assign]
    with pytest.raises(UnavailableError):
        office.register()


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30),
                   st.lists(st.text(max_size=30) | st.integers(), max_size=4))
MEMBERS = st.dictionaries(st.sampled_from([*sorted(KNOWN), "province", "client_id", "client_secret"]) | st.text(max_size=8),
                          VALUES | st.sampled_from(["openid groups", "none", ["authorization_code", "refresh_token"], {"a": 1}]),
                          max_size=6)


@settings(max_examples=500, deadline=None)
@given(MEMBERS, st.sampled_from([TERMS, STRICT, replace(TERMS, scope=frozenset())]))
def test_security_37_whatever_is_asked_for_nothing_is_taken_beyond_names_and_terms(members: dict[str, Any], terms: Any) -> None:
    try:
        taken = wanted(members, terms)
    except RefusedError as err:
        assert err.message.isascii()  # noqa: PT017
        return
    assert taken.keys() <= KNOWN
    assert "province" not in taken
    if isinstance(taken.get("scope"), str):
        assert set(taken["scope"].split()) <= terms.scope
    if isinstance(taken.get("grant_types"), list) and all(isinstance(word, str) for word in taken["grant_types"]):
        assert set(taken["grant_types"]) <= set(terms.grant_types)
