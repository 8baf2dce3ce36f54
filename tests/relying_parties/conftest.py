"""One running product for all relying parties, and the applications registered with it on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.ports import free_ports
from tests.fakes.client_keys import jwks_of, pair
from tests.flows.deployments import Deployment, one_process


@dataclass(frozen=True)
class Registration:
    """What an operator hands to the people of an application."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    post_logout_uri: str
    id_token_alg: str


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with one_process(tmp_path_factory.mktemp("province"), legacy_response_types="true") as deployment:
        yield deployment


def register(deployment: Deployment, method: str, *grant_types: str, alg: str = "RS256",
             response_types: tuple[str, ...] = ("code",)) -> Registration:
    """Register an application that nobody serves (browsers stop where it would answer) and that officers must agree to."""
    home = f"http://localhost:{free_ports(1)[0]}"
    made = deployment.register({
        "client_name": f"Ứng dụng thử ({method})", "redirect_uris": [f"{home}/callback"],
        "post_logout_redirect_uris": [f"{home}/goodbye"], "grant_types": ["authorization_code", "refresh_token", *grant_types],
        "response_types": list(response_types), "token_endpoint_auth_method": method, "id_token_signed_response_alg": alg,
        "scope": "openid profile email unit offline_access"})
    assert made["client_id"]
    assert ("client_secret" in made) == (method != "none")
    assert made["redirect_uris"] == [f"{home}/callback"]
    return Registration(deployment.issuer, made["client_id"], made.get("client_secret", ""), f"{home}/callback",
                        f"{home}/goodbye", alg)


@pytest.fixture(scope="package")
def basic(deployment: Deployment) -> Registration:
    """An application on a server, which authenticates by HTTP Basic."""
    return register(deployment, "client_secret_basic", "client_credentials", alg="RS256")


@pytest.fixture(scope="package")
def bus(deployment: Deployment, basic: Registration) -> Registration:
    """An application that acts for officers of the one on a server."""
    made = deployment.register({
        "client_name": "Trục tích hợp", "grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "scope": "openid profile", "province": {"exchange_from": [basic.client_id]}})
    return Registration(deployment.issuer, made["client_id"], made["client_secret"], "", "", "RS256")


@pytest.fixture(scope="package")
def post(deployment: Deployment) -> Registration:
    """The same with its secret in the form."""
    return register(deployment, "client_secret_post", "client_credentials", alg="PS256")


@pytest.fixture(scope="package")
def signing(deployment: Deployment) -> Registration:
    """An application that never sends its secret but signs with it."""
    return register(deployment, "client_secret_jwt", "client_credentials", alg="ES256")


@pytest.fixture(scope="package")
def browser(deployment: Deployment) -> Registration:
    """An application that takes tokens from the browser as well."""
    return register(deployment, "client_secret_basic", "implicit", response_types=("code", "code id_token", "id_token"))


def bank(deployment: Deployment, **more: Any) -> Registration:
    """Register an application of the profile fapi2 with its keys, which ``tests/npm/browser.mjs`` reads."""
    home = "https://bank.example"
    made = deployment.register({
        "client_name": "Ngân hàng thử", "redirect_uris": [f"{home}/callback"], "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email offline_access",
        "dpop_bound_access_tokens": True, "jwks": json.loads(jwks_of(pair("ES256"), pair("ECDH-ES"))),
        "province": {"profile": "fapi2"}, **more})
    return Registration(deployment.issuer, made["client_id"], "", f"{home}/callback", "", made["id_token_signed_response_alg"])


@pytest.fixture(scope="package")
def fapi2(deployment: Deployment) -> Registration:
    """A bank."""
    return bank(deployment)


@pytest.fixture(scope="package")
def fapi2_signing(deployment: Deployment) -> Registration:
    """A bank that signs its requests."""
    return bank(deployment, require_signed_request_object=True)


@pytest.fixture(scope="package")
def fapi2_encrypted(deployment: Deployment) -> Registration:
    """A bank that signs its requests and has its ID tokens encrypted."""
    return bank(deployment, require_signed_request_object=True, id_token_encrypted_response_alg="ECDH-ES",
                id_token_encrypted_response_enc="A256GCM")


@pytest.fixture(scope="package")
def device(deployment: Deployment) -> Registration:
    """An application on something without a browser."""
    made = deployment.register({
        "client_name": "Máy quét thử", "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        "token_endpoint_auth_method": "none", "scope": "openid profile offline_access"})
    return Registration(deployment.issuer, made["client_id"], "", "", "", "RS256")


def _asking(deployment: Deployment) -> Registration:
    made = deployment.register({
        "client_name": "Duyệt văn bản thử", "grant_types": ["urn:openid:params:grant-type:ciba", "refresh_token"],
        "backchannel_token_delivery_mode": "poll", "scope": "openid profile offline_access"})
    return Registration(deployment.issuer, made["client_id"], made["client_secret"], "", "", "RS256")


@pytest.fixture(scope="package")
def asking(deployment: Deployment) -> Registration:
    """An application that asks officers by name."""
    return _asking(deployment)


@pytest.fixture(scope="package")
def asking_too(deployment: Deployment) -> Registration:
    """Another one, whom no officer has refused yet."""
    return _asking(deployment)


@pytest.fixture(scope="package")
def public(deployment: Deployment) -> Registration:
    """An application without a secret."""
    return register(deployment, "none", alg="EdDSA")
