"""Line 5: PKCE S256 by default for everybody and always for public clients; plain is refused; a challenge needs its verifier."""

from __future__ import annotations

import pytest

from idp.adapters.sql.database import Database
from idp.oauth.authorization_request import AuthorizationError
from tests.provider import VERIFIER, House

WITHOUT = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def refusal(house: House, **changes: str | None) -> str:
    with pytest.raises(AuthorizationError) as caught:
        house.asked(**changes)
    return caught.value.code


def test_line_05_a_challenge_is_required_of_every_client(house: House) -> None:
    assert refusal(house, **WITHOUT) == "invalid_request"


def test_line_05_an_opt_out_is_for_confidential_clients_only(house: House) -> None:
    house.client(require_pkce=False)
    assert house.redeem(house.code(**WITHOUT), code_verifier=None).status == 200
    house.client("spa", token_endpoint_auth_method="none", require_pkce=False)
    assert refusal(house, client_id="spa", **WITHOUT) == "invalid_request"


@pytest.mark.parametrize("changes", [
    {"code_challenge_method": "plain", "code_challenge": VERIFIER}, {"code_challenge_method": None},
    {"code_challenge_method": "s256"}, {"code_challenge": None}])
def test_line_05_plain_and_its_default_are_refused_even_where_pkce_is_not_required(house: House, changes) -> None:
    assert refusal(house, **changes) == "invalid_request"
    house.client(require_pkce=False)
    assert refusal(house, **changes) == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "", "x" * 43])
def test_line_05_once_a_challenge_was_sent_the_verifier_is_required(house: House, verifier: str | None) -> None:
    house.client(require_pkce=False)
    assert house.redeem(house.code(), code_verifier=verifier).error == "invalid_grant"


def test_line_05_no_verifier_without_a_challenge(house: House) -> None:
    house.client(require_pkce=False)
    assert house.redeem(house.code(**WITHOUT)).error == "invalid_grant"
