"""fapi2-message-signing-final-test-plan with fapi_response_mode=jarm: what the modules say about answers, for a plain client.

The relying party believes a signed answer only after the checks of JARM §2.4, made with another library than the one that signs.
"""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from .suite import BASIC, ISSUER, Suite, Visit, read_segment

MODES = {"jwt": "query", "query.jwt": "query", "fragment.jwt": "fragment", "form_post.jwt": "form_post"}


def opened(suite: Suite, visit: Visit) -> dict[str, Any]:
    """Check a signed answer; gives what is in it."""
    assert set(visit.answer) == {"response"}
    token = visit.answer["response"]
    algorithm = read_segment(token, 0)["alg"]
    assert algorithm in suite.discovery["authorization_signing_alg_values_supported"]
    keys = KeySet.import_key_set(suite.http("GET", suite.discovery["jwks_uri"]).json)
    claims = jwt.decode(token, keys, algorithms=[algorithm]).claims
    assert (claims["iss"], claims["aud"]) == (ISSUER, BASIC["client_id"])
    assert suite.clock.now() < claims["exp"] <= suite.clock.now() + 600
    return dict(claims)


@pytest.mark.parametrize("mode", MODES)
def test_fapi2_happy_flow_with_jarm(suite: Suite, mode: str) -> None:
    assert mode in suite.discovery["response_modes_supported"]
    request = suite.request(response_mode=mode)
    visit = suite.person().go(suite.url(request))
    assert (visit.address, visit.way) == (request["redirect_uri"], MODES[mode])
    claims = opened(suite, visit)
    assert (set(claims), claims["state"]) == ({"iss", "aud", "exp", "state", "code", "session_state"}, request["state"])
    answer = suite.token(BASIC, grant_type="authorization_code", code=claims["code"], redirect_uri=request["redirect_uri"])
    assert suite.check_tokens(answer)["claims"]["nonce"] == request["nonce"]


@pytest.mark.parametrize("mode", MODES)
def test_fapi2_user_rejects_authentication_with_jarm(suite: Suite, mode: str) -> None:
    request = suite.request(response_mode=mode, scope="openid profile")
    claims = opened(suite, suite.person("vanthu").go(suite.url(request), agree=False))
    assert (claims["error"], claims["state"]) == ("access_denied", request["state"])


@pytest.mark.parametrize("mode", MODES)
def test_fapi2_ensure_response_type_token_fails_with_jarm(suite: Suite, mode: str) -> None:
    request = suite.request(response_mode=mode, response_type="token")
    assert opened(suite, suite.person().open(suite.url(request)))["error"] == "unsupported_response_type"


def test_fapi2_ensure_authorization_request_without_state_success_with_jarm(suite: Suite) -> None:
    request = suite.request(response_mode="jwt", state=None)
    assert "state" not in opened(suite, suite.person().go(suite.url(request)))
