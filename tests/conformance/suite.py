"""A small part of the Foundation's conformance suite: a relying party that believes nothing, and a browser that knows only forms.

Everything is learnt from the discovery document and checked by joserfc, never by the product's own code. Both call the running
server over HTTPS, through nginx with the shipped configuration (``outside.py``). What serves it is the whole application with a
directory in memory and a clock that tests move, which is why it is in this process.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.browser import Form, Page
from idp.app import create_app
from tests.fakes.certificates import Identity
from tests.fakes.client_keys import assertion_of
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, make_officer
from tests.whole import make_settings, secret_of

from .outside import Answer, Front

HOST, MTLS_HOST = "sso.haugiang.example", "mtls.sso.haugiang.example"
ISSUER, MTLS = f"https://{HOST}", f"https://{MTLS_HOST}"
RP = "https://rp.example"
CALLBACK, OUT = f"{RP}/callback", f"{RP}/post-logout"
ACR = "urn:haugiang:acr:"

_PLAIN: dict[str, Any] = {
    "client_name": "Conformance", "client_uri": f"{RP}/", "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"], "post_logout_redirect_uris": [OUT],
    "scope": "openid profile email phone address offline_access", "token_endpoint_auth_method": "client_secret_basic",
    "province": {"consent": "ask", "require_pkce": False},
}
BASIC = {**_PLAIN, "client_id": "basic"}
POST = {**_PLAIN, "client_id": "post", "token_endpoint_auth_method": "client_secret_post"}
SECOND = {**_PLAIN, "client_id": "second", "redirect_uris": [f"{RP}/second"]}


@dataclass(frozen=True)
class Visit:
    """Where a browser came to, and what it was shown on the way.

    Attributes:
        shown: Pages of ours that a person had to answer or read, in order.
        page: The last of them when the browser stays with us.
        address: Of the relying party, without query and fragment, when it arrived there.
        answer: Parameters that arrived there.
        frames: Addresses of the relying party that pages of ours loaded in frames on the way.
        way: Where they stood: ``query``, ``fragment`` or ``form_post``.
    """

    shown: tuple[Page, ...]
    page: Page | None = None
    address: str = ""
    answer: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[str, ...] = ()
    way: str = ""

    @property
    def asked_for_password(self) -> bool:
        return any(page.form_with("password") is not None for page in self.shown)

    @property
    def error_page(self) -> bool:
        """Whether it ends on a page of ours that says by its status that nothing came of it."""
        return self.page is not None and self.page.status >= 400 and bool(self.page.heading)


class Person:
    """An officer at a browser without modern scripts (the suite's is HtmlUnit)."""

    def __init__(self, suite: Suite, uid: str = "canbo") -> None:
        self._suite = suite
        self.uid = uid
        self._browser = suite.front.caller(cookies=True)

    def open(self, url: str, form: Mapping[str, str] | None = None, *, origin: str = RP) -> Visit:
        """Open an address (or send it a form from another site) and answer nothing yet."""
        return self._arrive(self._send(url, form, origin), url, ())

    def go(self, url: str, form: Mapping[str, str] | None = None, *, agree: bool = True) -> Visit:
        """Open an address and give name, password and consent where asked, until the relying party is reached."""
        visit = self.open(url, form)
        for _ in range(5):
            if visit.page is None:
                return visit
            asked, question = visit.page.form_with("password"), visit.page.form_with("answer")
            if asked is not None:
                visit = self.fill(visit, asked, {"username": self.uid, "password": PASSWORD})
            elif question is not None and visit.page.status == 200:
                visit = self.fill(visit, question, {"answer": "accept" if agree else "deny"})
            else:
                return visit
        raise AssertionError(f"forms do not end: {visit.page and visit.page.heading}")

    def frame_says(self, client_id: str, session_state: str, origin: str = RP) -> str:
        """Answer a message as the provider's frame has to, from the cookie that this browser has (Session Management §3.2)."""
        cookie = self._browser.cookie("__Host-browser-state")
        assert cookie is not None
        assert (cookie.has_nonstandard_attr("HttpOnly"), cookie.secure, cookie.path) == (False, True, "/")
        assert cookie.get_nonstandard_attr("SameSite") == "None"
        salt = session_state.partition(".")[2]
        text = f"{client_id} {origin} {cookie.value} {salt}"
        return "unchanged" if session_state == f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}" else "changed"

    def fill(self, visit: Visit, form: Form, values: Mapping[str, str]) -> Visit:
        """Send a form of the page that is shown."""
        return self._arrive(self._send(form.action, {**form.fields, **values}, ISSUER), form.action, visit.shown)

    def _send(self, url: str, form: Mapping[str, str] | None, origin: str) -> Answer:
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == ISSUER, url
        if form is None:
            return self._browser.send("GET", url)
        return self._browser.send("POST", url, form=form, headers={"Origin": origin})

    def _arrive(self, response: Answer, url: str, shown: tuple[Page, ...]) -> Visit:
        frames: tuple[str, ...] = ()
        for _ in range(10):
            frames += frames_of(response)
            location = response.headers.get("Location") or response.headers.get("Refresh", "").partition(";url=")[2]
            if not location:
                page = Page(url, response.status_code, response.text)
                posted = next((form for form in page.forms if form.action.startswith(RP)), None)
                if posted is not None:
                    return Visit(shown, address=posted.action, answer=dict(posted.fields), way="form_post")
                return Visit((*shown, page), page, frames=frames)
            if location.startswith(RP):
                parts = urlsplit(location)
                pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(parts.fragment, keep_blank_values=True)
                assert len(dict(pairs)) == len(pairs)
                address = location.partition("#")[0].partition("?")[0]
                way = "fragment" if parts.fragment else "query"
                return Visit(shown, address=address, answer=dict(pairs), frames=frames, way=way)
            url = location if location.startswith("https://") else ISSUER + location
            response = self._send(url, None, ISSUER)
        raise AssertionError("redirects do not end")


class Suite:
    """The running server, and relying parties that are registered with it.

    Args:
        folder: Where it keeps its files; nothing but keys and a database may be in it.
        database_url: Migrated.
        clients: Registrations.
        settings: Others than the defaults.

    Attributes:
        app: What is served, for commands of the operator; requests go to ``front``.
        response_mode: What every request asks for; "" leaves it out.
    """

    def __init__(self, folder: Path, database_url: str, *clients: Mapping[str, Any], **settings: Any) -> None:
        self.clock = FakeClock()
        self.response_mode = ""
        self._folder = folder
        self.settings = make_settings(folder, database_url, clients or (BASIC, POST, SECOND), issuer=ISSUER,
                                      **{"trusted_proxies": ["127.0.0.1"], **settings})
        self.directory = FakeDirectory([make_officer("canbo"), make_officer("vanthu", "Lê Thị Thử")])
        self.app = create_app(self.settings, directory=self.directory, clock=self.clock)
        self.front = Front(self.app, folder / "nginx", host=HOST, mtls_host=MTLS_HOST)
        self._program = self.front.caller()
        self.discovery = self.http("GET", f"{ISSUER}/.well-known/openid-configuration").json

    def person(self, uid: str = "canbo") -> Person:
        return Person(self, uid)

    def http(self, method: str, url: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Call an endpoint as a program does."""
        assert url.startswith(ISSUER), url
        return self._program.send(method, url, form=form, headers={name.replace("_", "-"): headers[name] for name in headers})

    def mtls(self, method: str, url: str, form: Mapping[str, str] | None = None, *, identity: Identity | None,
             **headers: str) -> Answer:
        """Call an endpoint where certificates are asked for, with one or none (RFC 8705 §5)."""
        assert url.startswith(MTLS), url
        return self._program.send(method, url, form=form, identity=identity,
                                  headers={name.replace("_", "-"): headers[name] for name in headers})

    # The authorization endpoint

    def request(self, client: Mapping[str, Any] = BASIC, **changes: str | None) -> dict[str, str]:
        """Parameters of a good request as the plans send it (no PKCE), for the client's own type; None leaves one out."""
        given = {"client_id": client["client_id"], "redirect_uri": client["redirect_uris"][0],
                 "response_type": client.get("response_types", ["code"])[0],
                 "scope": "openid", "state": secrets.token_urlsafe(8), "nonce": secrets.token_urlsafe(8),
                 "response_mode": self.response_mode or None}
        return {name: value for name, value in {**given, **changes}.items() if value is not None}

    def url(self, request: Mapping[str, str]) -> str:
        return f"{self.discovery['authorization_endpoint']}?{urlencode(request)}"

    def authorize(self, person: Person, request: Mapping[str, str]) -> Visit:
        """Send a person with a request; gives the visit after checking that a code came with state, iss and session_state."""
        visit = person.go(self.url(request))
        self.check(visit, request)
        assert set(visit.answer) == {"code", "iss", "session_state"} | ({"state"} & set(request)), visit.answer
        return visit

    def check(self, visit: Visit, request: Mapping[str, str], *, error: str = "") -> None:
        """Check what came back: where to, state unchanged, iss, and an error or none (RFC 6749 §4.1.2, RFC 9207)."""
        assert visit.address == request["redirect_uri"], (visit.page and visit.page.heading, visit.answer)
        assert visit.answer.get("state") == request.get("state")
        assert visit.answer["iss"] == ISSUER
        assert visit.answer.get("error", "") == error, visit.answer
        words = set(request.get("response_type", "").split())
        sent = {"code", "access_token", "id_token"} & set(visit.answer)
        assert sent == (set() if error else {{"token": "access_token"}.get(word, word) for word in words})
        assert visit.way == request.get("response_mode", "fragment" if {"token", "id_token"} & words else "query")

    # The registration endpoint

    def initial_access_token(self, *options: str) -> str:
        """Have an operator give leave to register clients as the dynamic plan does (no PKCE)."""
        made = self.app.test_cli_runner().invoke(args=[
            "clients", "initial-access-token", "create", "--owner", "OIDF", "--quota", "100", "--allow-no-pkce", "--json",
            *options])
        return str(json.loads(made.stdout)["initial_access_token"])

    def send_json(self, method: str, url: str, token: str, members: Mapping[str, Any] | None = None) -> Answer:
        """Call a registration endpoint."""
        assert url.startswith(f"{ISSUER}/"), url
        return self._program.send(method, url, members=members, headers={"Authorization": f"Bearer {token}"})

    # The token endpoint

    def token(self, client: Mapping[str, Any], **form: str) -> Answer:
        """Call the token endpoint with the client's own way to authenticate; ``key`` beside a registration signs assertions."""
        if client["token_endpoint_auth_method"] == "private_key_jwt":
            proof = assertion_of(client["client_id"], ISSUER, self.clock.now(), client["key"])
            return self.http("POST", self.discovery["token_endpoint"], {**form, **proof})
        secret = client.get("client_secret") or secret_of(self._folder, client["client_id"])
        if client["token_endpoint_auth_method"] == "client_secret_post":
            return self.http("POST", self.discovery["token_endpoint"],
                             {**form, "client_id": client["client_id"], "client_secret": secret})
        basic = base64.b64encode(f"{client['client_id']}:{secret}".encode()).decode()
        return self.http("POST", self.discovery["token_endpoint"], form, Authorization=f"Basic {basic}")

    def redeem(self, visit: Visit, request: Mapping[str, str], client: Mapping[str, Any] = BASIC, **more: str) -> dict[str, Any]:
        """Exchange the code; checks the answer and gives it, with the ID token's claims under ``claims``."""
        answer = self.token(client, grant_type="authorization_code", code=visit.answer["code"],
                            redirect_uri=request["redirect_uri"], **more)
        tokens = self.check_tokens(answer, client)
        assert tokens["claims"].get("nonce") == request.get("nonce")
        return tokens

    def check_tokens(self, answer: Answer, client: Mapping[str, Any] = BASIC) -> dict[str, Any]:
        """Check a token answer: headers, members, ID token (OpenID Connect Core §3.1.3.3, §3.1.3.7)."""
        assert answer.status_code == 200, answer.text
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.mimetype == "application/json"
        tokens: dict[str, Any] = answer.json
        assert tokens["token_type"].lower() == "bearer"
        assert isinstance(tokens["expires_in"], int)
        return {**tokens, "claims": self.check_id_token(tokens, client)}

    def check_id_token(self, tokens: Mapping[str, Any], client: Mapping[str, Any] = BASIC) -> dict[str, Any]:
        """Check an ID token as a relying party must, against all that came with it; gives its claims."""
        keys = self.http("GET", self.discovery["jwks_uri"]).json
        header = read_segment(tokens["id_token"], 0)
        algorithm = client.get("id_token_signed_response_alg", "RS256")
        assert header["alg"] == algorithm
        assert [key["kid"] for key in keys["keys"]].count(header["kid"]) == 1
        claims: dict[str, Any] = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=[algorithm]).claims
        now = self.clock.now()
        assert claims["iss"] == ISSUER
        assert claims["aud"] in (client["client_id"], [client["client_id"]])
        assert isinstance(claims["sub"], str)
        assert 0 < len(claims["sub"]) <= 255
        assert claims["iat"] <= now < claims["exp"]
        assert claims["auth_time"] <= now
        for name, value in (("at_hash", "access_token"), ("c_hash", "code"), ("s_hash", "state")):
            if name in claims:
                whole = hashlib.new("sha512" if algorithm == "EdDSA" else "sha256", tokens[value].encode()).digest()
                assert claims[name] == base64.urlsafe_b64encode(whole[:len(whole) // 2]).rstrip(b"=").decode()
        return claims

    def userinfo(self, access_token: str, how: str = "get") -> Answer:
        """Ask UserInfo by one of the three ways of presenting a token that it takes."""
        endpoint = self.discovery["userinfo_endpoint"]
        if how == "body":
            return self.http("POST", endpoint, {"access_token": access_token})
        return self.http(how.upper(), endpoint, Authorization=f"Bearer {access_token}")

    def flow(self, person: Person | None = None, client: Mapping[str, Any] = BASIC,
             **changes: str | None) -> tuple[Visit, dict[str, Any]]:
        """Go the whole way; gives the visit and the checked tokens."""
        request = self.request(client, **changes)
        visit = self.authorize(person or self.person(), request)
        return visit, self.redeem(visit, request, client)


def frames_of(response: Answer) -> tuple[str, ...]:
    """Give the addresses of a page's frames, as far as the page's own policy lets a browser load them."""
    found = [unescape(src) for src in re.findall(r'<iframe [^>]*?\bsrc="([^"]*)"', response.text)]
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers.get("Content-Security-Policy", "").split(";"))
    allowed = policy.get("frame-src", policy.get("default-src", "*")).split()
    return tuple(src for src in found if "{0.scheme}://{0.netloc}".format(urlsplit(src)) in allowed)


def read_segment(token: str, number: int) -> dict[str, Any]:
    """Decode a part of a compact JWT without judging it."""
    segment = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))))


def unsigned(**claims: str) -> str:
    """Make an unsigned request object (OpenID Connect Core §6.1)."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)]
    return ".".join([*parts, ""])
