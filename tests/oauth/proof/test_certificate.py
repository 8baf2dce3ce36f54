"""RFC 8705: applications that prove themselves in the TLS handshake, and tokens that are bound to their certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.adapters.sql.database import Database
from idp.oauth.proof import certificate
from idp.oauth.proof.certificate import CertificateAuthorities
from idp.pki import shown_certificate
from tests.fakes.certificates import DAY, NOW, Identity, issue, root
from tests.fakes.client_keys import assertion_of, jwks_of, pair
from tests.provider import ISSUER, REGISTERED, SECRET, House, Reply

CLIENT = issue("lgsp", root())
SELF = issue("self")
DN = "CN=lgsp,O=Hậu Giang"
PROXY = "198.51.100.7"
PKI = replace(REGISTERED, client_id="lgsp", token_endpoint_auth_method="tls_client_auth", secret_digest=None,
              tls_client_auth_subject_dn=DN)


@pytest.mark.parametrize(("member", "value", "good"), [
    ("subject_dn", DN, True), ("subject_dn", "CN=lgsp", False), ("subject_dn", "O=Hậu Giang,CN=lgsp", False),
    ("san_dns", "lgsp.haugiang.example", True), ("san_dns", "haugiang.example", False), ("san_uri", "urn:lgsp", True),
    ("san_uri", "urn:other", False), ("san_ip", "192.0.2.7", True), ("san_ip", "192.0.2.8", False),
    ("san_email", "lgsp@haugiang.example", True), ("san_email", "other@haugiang.example", False),
    ("san_dns", "urn:lgsp", False),
])
def test_rfc8705_s2_1_2_the_registered_name_is_compared_in_its_own_place(member: str, value: str, good: bool) -> None:
    client = replace(PKI, **{"tls_client_auth_subject_dn": "", f"tls_client_auth_{member}": value})
    shown = shown_certificate.read(CLIENT.escaped)
    assert shown is not None
    authorities = CertificateAuthorities([root().certificate])
    assert certificate.is_the_clients(shown, client, authorities=authorities, keys=(), moment=NOW) is good


# Over the endpoints

@pytest.fixture
def house(database: Database) -> House:
    made = House(database, trusted_proxies=(PROXY,), mutual_tls=True, authorities=[root().certificate])
    made.client("lgsp", token_endpoint_auth_method="tls_client_auth", secret_digest=None, tls_client_auth_subject_dn=DN)
    made.client("self", token_endpoint_auth_method="self_signed_tls_client_auth", secret_digest=None, jwks=jwks_for(SELF))
    return made


def jwks_for(identity: Identity) -> str:
    return jwks_of(ECKey(identity.key, None))


def ask(house: House, form: dict[str, Any], shown: Identity | None, *, path: str = "/token", peer: str = PROXY,
        client_id: str = "lgsp", **more: Any) -> Reply:
    headers = {"x-ssl-client-cert": shown.escaped} if shown else {}
    form = {"client_id": client_id, **form}
    return house.call("POST", path, peer=peer, body="&".join(f"{k}={v}" for k, v in form.items()).encode(),
                      headers={"content-type": "application/x-www-form-urlencoded", **headers, **more})


FORMS: dict[str, dict[str, str]] = {
    "/token": {"grant_type": "client_credentials"}, "/introspect": {"token": "x" * 43}, "/revoke": {"token": "x" * 43}}
MACHINE = FORMS["/token"]


@pytest.mark.parametrize("path", FORMS)
def test_rfc8705_s2_both_methods_at_every_endpoint(house: House, path: str) -> None:
    assert ask(house, FORMS[path], CLIENT, path=path).status == 200
    assert ask(house, FORMS[path], SELF, path=path, client_id="self").status == 200


@pytest.mark.parametrize(("client_id", "shown"), [
    ("lgsp", None), ("self", None), ("lgsp", SELF), ("self", CLIENT), ("lgsp", issue("other", root())), ("self", issue("self")),
    ("lgsp", issue("lgsp", root("Another"))), ("lgsp", issue("lgsp")), ("qlvb", CLIENT), ("unknown", CLIENT),
])
def test_rfc8705_s2_another_certificate_or_none_is_refused(house: House, client_id: str, shown: Identity | None) -> None:
    reply = ask(house, MACHINE, shown, client_id=client_id)
    assert (reply.status, reply.error) == (401, "invalid_client")


def test_rfc8705_s2_2_the_dates_of_a_self_signed_certificate_say_nothing(house: House) -> None:
    renewed = issue("self", key=SELF.key, before=20 * DAY, after=-10 * DAY)
    assert ask(house, MACHINE, renewed, client_id="self").status == 200


def test_security_55_a_certificate_from_anybody_but_our_proxy_is_nothing(house: House) -> None:
    reply = ask(house, MACHINE, CLIENT, peer="203.0.113.9", **{"x-forwarded-for": PROXY})
    assert (reply.status, reply.error) == (401, "invalid_client")
    assert ask(house, MACHINE, CLIENT, peer=PROXY, **{"x-forwarded-for": "203.0.113.9"}).status == 200


def test_where_no_proxy_asks_for_certificates_none_counts(database: Database) -> None:
    house = House(database, trusted_proxies=(PROXY,))
    house.client("lgsp", token_endpoint_auth_method="tls_client_auth", secret_digest=None, tls_client_auth_subject_dn=DN)
    assert ask(house, MACHINE, CLIENT).error == "invalid_client"
    house.client("bound", tls_client_certificate_bound_access_tokens=True)
    assert ask(house, MACHINE | {"client_secret": SECRET}, CLIENT, client_id="bound").status in {400, 401}


def test_security_16_a_certificate_beside_a_secret_is_no_second_method(house: House) -> None:
    house.client("post", token_endpoint_auth_method="client_secret_post")
    assert ask(house, MACHINE | {"client_secret": SECRET}, CLIENT, client_id="post").status == 200
    assert ask(house, MACHINE | {"client_secret": SECRET}, CLIENT, client_id="lgsp").error == "invalid_client"


# Bound tokens

def bound(house: House, **members: Any) -> House:
    house.client("lgsp", tls_client_certificate_bound_access_tokens=True, **members)
    return house


def userinfo(house: House, token: str, shown: Identity | None, *, scheme: str = "Bearer") -> Reply:
    headers = {"x-ssl-client-cert": shown.escaped} if shown else {}
    return house.call("GET", "/userinfo", peer=PROXY, headers={"authorization": f"{scheme} {token}", **headers})


def tokens_for(house: House, client_id: str = "lgsp", shown: Identity = CLIENT) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": house.code(client_id=client_id),
            "redirect_uri": "https://qlvb.example/callback", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    reply = ask(house, form, shown, client_id=client_id)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def test_rfc8705_s3_a_bound_token_is_used_over_the_same_certificate_only(house: House) -> None:
    tokens = tokens_for(bound(house))
    assert tokens["token_type"] == "Bearer"
    assert userinfo(house, tokens["access_token"], CLIENT).status == 200
    for shown in (None, SELF, issue("lgsp", root())):
        reply = userinfo(house, tokens["access_token"], shown)
        assert (reply.status, reply.error) == (401, "invalid_token")
    assert userinfo(house, tokens["access_token"], CLIENT, scheme="DPoP").status == 401


def test_rfc8705_s3_1_introspection_and_jwts_tell_the_certificate(house: House) -> None:
    token = tokens_for(bound(house))["access_token"]
    shown = shown_certificate.read(CLIENT.escaped)
    assert shown is not None
    told = ask(house, {"token": token}, CLIENT, path="/introspect").json
    assert (told["active"], told["cnf"], told["token_type"]) == (True, {"x5t#S256": shown.thumbprint}, "Bearer")
    house.client("lgsp", access_token_format="jwt")
    assert house.id_claims(tokens_for(house)["access_token"])["cnf"] == {"x5t#S256": shown.thumbprint}


def test_rfc8705_s3_without_a_certificate_no_bound_token_is_issued(house: House) -> None:
    house.client("bank", token_endpoint_auth_method="private_key_jwt", secret_digest=None, jwks=jwks_of(pair("ES256")),
                 tls_client_certificate_bound_access_tokens=True)

    def proof() -> dict[str, str]:
        return MACHINE | assertion_of("bank", ISSUER, house.clock.now())

    assert ask(house, proof(), None, client_id="bank").error == "invalid_request"
    reply = ask(house, proof(), SELF, client_id="bank")
    assert (reply.status, reply.json["token_type"]) == (200, "Bearer")


def test_rfc8705_s4_a_public_clients_refresh_token_is_bound_to_the_certificate(house: House) -> None:
    house.client("app", token_endpoint_auth_method="none", tls_client_certificate_bound_access_tokens=True)
    form = {"grant_type": "refresh_token", "refresh_token": tokens_for(house, "app", SELF)["refresh_token"]}
    for shown in (CLIENT, None):
        assert ask(house, form, shown, client_id="app").error == "invalid_grant"
    assert ask(house, form, SELF, client_id="app").status == 200
