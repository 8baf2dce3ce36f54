"""CIBA §4: what an application registers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.errors import RefusedError
from idp.oauth.backchannel.registration import fault_of
from idp.oauth.backchannel.request import GRANT_TYPE
from idp.oauth.client import Client
from idp.oauth.clients.registration import RegistrationPolicy, from_metadata, parse, to_metadata
from tests.fakes.client_keys import jwks_of, pair

JWKS = json.loads(jwks_of(pair("PS256")))
PING = {"grant_types": [GRANT_TYPE], "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": "https://bank.example/ciba"}
POLL = {"grant_types": [GRANT_TYPE, "refresh_token"], "backchannel_token_delivery_mode": "poll"}


def register(metadata: dict[str, Any], **changes: Any) -> Client:
    return parse({**metadata, **changes}, RegistrationPolicy(), client_id="bank", source="registered")


def test_ciba_s4_poll_and_ping_are_registered_and_kept() -> None:
    for metadata in (PING, POLL, {**PING, "jwks": JWKS, "backchannel_authentication_request_signing_alg": "PS256"}):
        client = register(metadata)
        assert client.response_types == ()
        assert to_metadata(client).items() >= metadata.items()
        assert from_metadata("bank", to_metadata(client), source="registered", secret_digest=None, disabled=False,
                             created_at=0) == client


def test_ciba_s4_an_officer_is_known_by_the_scopes_that_sign_ins_have() -> None:
    assert register(PING).scope == {"openid", "profile", "email", "phone", "address"}
    assert "offline_access" in register(POLL).scope


def test_ciba_s4_a_user_code_is_not_asked_for() -> None:
    assert register(POLL, backchannel_user_code_parameter=False) == register(POLL)


@pytest.mark.parametrize(("metadata", "changes", "word"), [
    (POLL, {"backchannel_token_delivery_mode": "push"}, "poll, ping"),
    (POLL, {"backchannel_token_delivery_mode": None}, "poll or ping goes with"),
    (POLL, {"grant_types": ["client_credentials"]}, "poll or ping goes with"),
    (PING, {"backchannel_client_notification_endpoint": None}, "ping needs it"),
    (POLL, {"backchannel_client_notification_endpoint": "https://bank.example/ciba"}, "nothing else uses it"),
    (PING, {"backchannel_client_notification_endpoint": "http://bank.example/ciba"}, "https"),
    (PING, {"backchannel_client_notification_endpoint": 7}, "backchannel_client_notification_endpoint"),
    (POLL, {"token_endpoint_auth_method": "none"}, "prove who it is"),
    (POLL, {"backchannel_authentication_request_signing_alg": "PS256"}, "need jwks"),
    (POLL, {"backchannel_authentication_request_signing_alg": "RS256", "jwks": JWKS}, "ES256, PS256, EdDSA"),
    (POLL, {"backchannel_authentication_request_signing_alg": "none", "jwks": JWKS}, "ES256, PS256, EdDSA"),
    (POLL, {"backchannel_user_code_parameter": True}, "not offered"),
    ({"grant_types": ["client_credentials"]}, {"backchannel_authentication_request_signing_alg": "PS256", "jwks": JWKS},
     "only for backchannel"),
])
def test_ciba_s4_what_contradicts_itself_is_refused(metadata: dict[str, Any], changes: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedError, match=word) as caught:
        register(metadata, **changes)
    assert caught.value.code == "invalid_client_metadata"


def test_fapi_ciba_s5_2_2_the_profile_signs_its_requests() -> None:
    strict = replace(register(POLL), profile="fapi2")
    assert "signed requests" in fault_of(strict)
    assert fault_of(replace(strict, jwks=jwks_of(pair("PS256")), backchannel_authentication_request_signing_alg="PS256")) == ""
