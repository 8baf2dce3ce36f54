"""OpenID Connect Core §8: what applications call an officer, and that two of them cannot compare it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from idp.jose import jwt
from idp.oauth.authorization_request import AuthorizationError
from idp.oauth.client import Client
from idp.oidc.backchannel_logout import logout_token_claims
from idp.oidc.prompts import hint_agrees
from idp.oidc.subject import Subjects
from tests.fakes.subjects import SUBJECTS
from tests.provider import ISSUER, House, json_segment

ONE = Client(client_id="one", client_name="One", subject_type="pairwise", redirect_uris=("https://one.example/cb",))
SIBLING = replace(ONE, client_id="sibling", redirect_uris=("https://one.example:8443/other?a=1", "https://ONE.example/cb"))
OTHER = replace(ONE, client_id="other", redirect_uris=("https://other.example/cb",))
SHARED = replace(OTHER, client_id="shared", sector_identifier_uri="https://one.example/sector.json")
PUBLIC = replace(ONE, client_id="public", subject_type="public")


def pairwise(house: House, client_id: str, host: str, **members: Any) -> str:
    """Register an application with pairwise subjects; gives its redirect URI."""
    uri = f"https://{host}/cb"
    house.client(client_id, subject_type="pairwise", redirect_uris=(uri,), **members)
    return uri


def everything(house: House, client_id: str, uri: str, session: Any) -> dict[str, Any]:
    """Sign in at an application that learns nothing by scopes; gives its tokens."""
    code = house.code(session, client_id=client_id, redirect_uri=uri, scope="openid offline_access")
    return dict(house.redeem(code, client_id=client_id, redirect_uri=uri).json)


# The rule

def test_core_s8_1_the_subject_is_a_keyed_hash_of_sector_and_officer() -> None:
    expected = hmac.new(b"k" * 32, b"sub one.example u", hashlib.sha256).digest()
    assert Subjects(b"k" * 32).of(ONE, "u") == base64.urlsafe_b64encode(expected).decode().rstrip("=")


def test_core_s8_a_public_client_is_told_the_officers_own_identifier() -> None:
    assert (SUBJECTS.of(PUBLIC, "u"), SUBJECTS.session_of(PUBLIC, "s")) == ("u", "s")


@pytest.mark.parametrize("name", ["of", "session_of"])
def test_core_s8_1_one_sector_has_one_name_and_another_sector_another(name: str) -> None:
    tell = getattr(SUBJECTS, name)
    assert tell(ONE, "u") == tell(SIBLING, "u") == tell(SHARED, "u")
    assert len({tell(client, value) for client in (ONE, OTHER) for value in ("u", "v")}) == 4
    assert tell(ONE, "u") != getattr(Subjects(b"another salt"), name)(ONE, "u")


def test_a_subject_is_no_session() -> None:
    assert SUBJECTS.of(ONE, "x") != SUBJECTS.session_of(ONE, "x")


@pytest.mark.parametrize(("client", "sector"), [
    (ONE, "one.example"), (SIBLING, "one.example"), (SHARED, "one.example"),
    (replace(ONE, redirect_uris=("https://one.example/cb", "https://two.example/cb")), ""),
    (replace(ONE, redirect_uris=("https://one.example/cb", "vn.gov.example.app:/cb")), ""),
    (replace(ONE, redirect_uris=("http://127.0.0.1/cb", "http://[::1]/cb")), ""),
    (replace(ONE, redirect_uris=("vn.gov.example.app:/cb",)), ""),
    (replace(ONE, redirect_uris=()), ""),
])
def test_core_s8_1_the_sector_is_the_one_host(client: Client, sector: str) -> None:
    assert client.sector_identifier == sector


# In the house

def test_core_s8_all_that_an_application_is_told_agrees(house: House) -> None:
    uri = pairwise(house, "qlvb", "qlvb.example", access_token_format="jwt")
    session = house.session()
    tokens = everything(house, "qlvb", uri, session)
    id_token = house.id_claims(tokens["id_token"])
    client = house.registry.find("qlvb")
    assert client is not None
    logout = logout_token_claims(issuer=ISSUER, client=client, subjects=SUBJECTS, sub=session.sub, sid=session.sid, now=1,
                                 lifetime_seconds=60)
    told = [id_token["sub"], json_segment(tokens["access_token"].split(".")[1])["sub"],
            house.userinfo(tokens["access_token"]).json["sub"], house.introspect(tokens["access_token"]).json["sub"],
            house.introspect(tokens["refresh_token"]).json["sub"], logout["sub"]]
    assert set(told) == {SUBJECTS.of(client, session.sub)}
    assert id_token["sid"] == logout["sid"] == SUBJECTS.session_of(client, session.sid)


def test_core_s8_two_applications_of_different_sectors_have_nothing_to_compare(house: House) -> None:
    session = house.session()
    seen = []
    for client_id, host in (("one", "one.example"), ("other", "other.example")):
        uri = pairwise(house, client_id, host)
        tokens = everything(house, client_id, uri, session)
        seen.append({**house.id_claims(tokens["id_token"]), **house.introspect(tokens["access_token"], client_id=client_id).json})
    shared = {name for name in seen[0] if seen[0][name] == seen[1].get(name)}
    # What is left is the same for many officers: the time of the sign-in to the second, its level, the provider.
    assert shared <= {"iss", "iat", "exp", "auth_time", "acr", "amr", "nonce", "active", "token_type", "scope", "aud"}
    assert not {session.sub, session.sid} & {value for claims in seen for value in claims.values() if isinstance(value, str)}


def test_core_s8_the_subject_survives_rename_and_transfer(house: House) -> None:
    uri = pairwise(house, "qlvb", "qlvb.example")
    before = house.id_claims(everything(house, "qlvb", uri, house.session())["id_token"])["sub"]
    sub = house.officer(uid="canbomoi", entry_uuid="uuid-canbo", dn="uid=canbomoi,ou=elsewhere", name="Tên Mới", posts=())
    assert house.id_claims(everything(house, "qlvb", uri, house.session(sub))["id_token"])["sub"] == before


def test_core_s8_the_subject_survives_a_refresh(house: House) -> None:
    uri = pairwise(house, "qlvb", "qlvb.example")
    tokens = everything(house, "qlvb", uri, house.session())
    again = house.refresh(tokens["refresh_token"]).json
    assert [house.id_claims(again["id_token"])[name] for name in ("sub", "sid")] == [
        house.id_claims(tokens["id_token"])[name] for name in ("sub", "sid")]


# Hints

def asked(house: House, client_id: str, uri: str, **more: str) -> Any:
    return house.asked(client_id=client_id, redirect_uri=uri, **more)


def test_core_s3_1_2_1_an_own_id_token_names_the_officer_by_the_pairwise_subject(house: House) -> None:
    uri, session = pairwise(house, "qlvb", "qlvb.example"), house.session()
    token = everything(house, "qlvb", uri, session)["id_token"]
    client = house.registry.find("qlvb")
    assert client is not None
    assert asked(house, "qlvb", uri, id_token_hint=token).id_token_hint_sub == SUBJECTS.of(client, session.sub)


def test_an_id_token_of_another_sector_is_no_hint(house: House) -> None:
    one, other, session = pairwise(house, "one", "one.example"), pairwise(house, "other", "other.example"), house.session()
    token = everything(house, "one", one, session)["id_token"]
    with pytest.raises(AuthorizationError):
        asked(house, "other", other, id_token_hint=token)
    claims = house.id_claims(token) | {"aud": "other"}
    key = house.keys.signing("RS256")
    forged = jwt.sign(claims, key, typ="JWT")  # even if it were ours: its subject is nobody's there
    client = house.registry.find("other")
    assert client is not None
    assert asked(house, "other", other, id_token_hint=forged).id_token_hint_sub != SUBJECTS.of(client, session.sub)


def test_core_s5_5_1_the_claim_sub_is_compared_with_the_pairwise_subject(house: House) -> None:
    uri, session = pairwise(house, "one", "one.example"), house.session()
    for value, agrees in ((SUBJECTS.of(ONE, session.sub), True), (SUBJECTS.of(OTHER, session.sub), False), (session.sub, False)):
        request = asked(house, "one", uri, claims=json.dumps({"id_token": {"sub": {"value": value}}}))
        assert hint_agrees(request, SUBJECTS.of(ONE, session.sub)) is agrees


def test_the_audit_trail_keeps_the_officers_own_identifier(house: House) -> None:
    uri, session = pairwise(house, "qlvb", "qlvb.example"), house.session()
    everything(house, "qlvb", uri, session)
    assert {row.sub for row in house.audited() if row.event in {"code.issued", "token.issued"}} == {session.sub}
