"""requests_oauth2client against the running product: code + PKCE, refresh, UserInfo, introspection, revocation, logout."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
import requests
from requests_oauth2client import BearerToken, ClientSecretBasic, ClientSecretPost, OAuth2Client, PublicApp
from requests_oauth2client.exceptions import InvalidGrant, LoginRequired

from deploy.browser import Page
from deploy.directory.server import SampleDirectory

from .conftest import Registration


class Officer:
    """A person with cookies and forms, who signs in and agrees wherever asked."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def arrive(self, url: str, target: str) -> str:
        """Go on from an address until the browser would open one below ``target``; gives that."""
        data: dict[str, str] | None = None
        for _ in range(20):
            if url.startswith(target):
                return url
            answer = self._session.request("GET" if data is None else "POST", url, data=data, allow_redirects=False, timeout=20)
            data = None
            if "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                continue
            page = Page(url, answer.status_code, answer.text)
            asked = page.form_with("password")
            form = asked or page.form_with("answer")
            assert form is not None, (url, page.heading)
            more = {"username": "canbo", "password": SampleDirectory.password} if asked else {"answer": "accept"}
            url, data = form.action, {**form.fields, **more}
        raise AssertionError(f"did not arrive at {target}")

    def close(self) -> None:
        self._session.close()


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
