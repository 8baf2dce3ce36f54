"""A token in the place of the activation data: for what its officer allowed on our page, once, and for nothing else."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from idp.oauth.authorization_request import AuthorizationError
from tests.provider import CALLER
from tests.signing.csc.house import FIRST, SECOND

from .door import ECDSA_SHA256, Door, b64
from .test_version1 import refused


def test_csc_8_3_2_the_token_signs_beside_the_service_token_and_alone(door: Door) -> None:
    told = door.leave()
    assert (told["scope"], "refresh_token" in told) == ("credential", False)
    assert door.sign(told["access_token"]).status == 200
    refused(door.sign(told["access_token"]), 400, "invalid_request", "Invalid parameter SAD")
    alone = door.leave(SECOND)["access_token"]
    body = {"credentialID": door.credential, "hashes": [b64(SECOND)], "signAlgo": ECDSA_SHA256}
    assert door.ask("signatures/signHash", body, token=alone, version="v2").status == 200
    refused(door.ask("signatures/signHash", body, token=alone, version="v2"), 400, "invalid_request", "Invalid parameter SAD")


def test_csc2_8_4_it_opens_its_credential_and_asks_nobody(door: Door) -> None:
    token = door.leave()["access_token"]
    assert door.ask("credentials/info", {"credentialID": door.credential}, token=token).status == 200
    for method in ("credentials/list", "credentials/authorize", "credentials/extendTransaction"):
        refused(door.ask(method, {}, token=token), 403, "insufficient_scope")


def test_security_59_it_is_bound_to_hashes_credential_and_application(door: Door) -> None:
    token = door.leave()["access_token"]
    refused(door.sign(token, SECOND), 400, "invalid_request", "not authorized by the SAD")
    refused(door.sign(token, FIRST, SECOND), 400, "invalid_request", "not authorized by the SAD")
    refused(door.sign(..., token=token, credentialID="sim-x"), 400, "invalid_request", "Invalid parameter credentialID")
    door.client("khac", source="file")
    stranger = door.tokens_for(client_id="khac", scope="service")["access_token"]
    refused(door.sign(token, token=stranger), 400, "invalid_request", "Invalid parameter SAD")
    colleague = door.tokens_for(session=door.session(door.officer("lanhdao")), scope="service")["access_token"]
    refused(door.sign(token, token=colleague), 400, "invalid_request", "Invalid parameter SAD")
    assert door.sign(token).status == 200


def test_security_59_it_ends_with_the_signature_and_with_the_session(door: Door) -> None:
    token = door.leave()["access_token"]
    door.clock.advance(301)
    refused(door.sign(..., token=token), 400, "invalid_request", "SAD expired")
    token = door.leave(SECOND)["access_token"]
    door.deprovisioning.end_access(door.sub, "operator", CALLER)
    refused(door.sign(..., SECOND, token=token), 401, "invalid_token")


def test_nothing_is_issued_for_what_the_phone_has_not_signed(door: Door) -> None:
    door.client(authorization_details_types=("credential",))
    hashes = base64.urlsafe_b64encode(FIRST).decode().rstrip("=")
    asked = door.asked(scope="credential", numSignatures="1", hash=hashes)
    with pytest.raises(AuthorizationError, match="has not signed") as refusal:
        door.provider.issue_code(replace(asked, agreed_by=door.sub), session=door.session(door.sub), caller=CALLER)
    assert refusal.value.code == "consent_required"


def test_security_the_scope_has_no_other_way(door: Door) -> None:
    """No grant gives it without the page; a token that had it otherwise would stand for nothing."""
    door.client(authorization_details_types=("credential",))
    assert door.device(scope="openid credential").error == "invalid_scope"
    assert door.machine(scope="credential").error == "invalid_scope"
    assert "credential" not in door.machine().json["scope"].split()
    session = door.session(door.sub)
    asked = replace(door.asked(scope="openid service"), scope=("openid", "credential"))
    code = dict(door.provider.issue_code(asked, session=session, caller=CALLER).parameters)["code"]
    token = door.redeem(code).json["access_token"]
    refused(door.sign("x", token=token), 401, "invalid_token")
    refused(door.ask("credentials/info", {"credentialID": door.credential}, token=token), 401, "invalid_token")
