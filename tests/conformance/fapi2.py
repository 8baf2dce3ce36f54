"""Banks of the FAPI 2.0 plans, and an officer's browser, before the product behind the shipped nginx.

Everything that the product is told comes over TLS through nginx (``outside.py``), certificates of applications too. Only the
clock is moved from here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.browser import Page
from idp.app import create_app
from tests.fakes.certificates import issue
from tests.fakes.client_keys import assertion_of, jwks_of, pair, proof_of, signed
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, FakeDirectory, make_officer
from tests.whole import make_settings

from .outside import Answer, Front
from .suite import HOST, ISSUER, MTLS, MTLS_HOST, RP, read_segment

CALLBACK = f"{RP}/callback"
WAYS = {"dpop": "private_key_jwt", "mtls": "self_signed_tls_client_auth"}
"""How tokens are bound, and how the application that has them authenticates."""
PLANS = tuple(f"{profile}-{way}" for profile in ("security", "signing") for way in WAYS)
IDENTITIES = tuple(issue(f"bank-{number}", names=(), after=timedelta(days=7300)) for number in range(2))


def registration(plan: str, number: int) -> dict[str, Any]:
    """What an operator writes into a file for one of the two applications of a plan."""
    way = plan.partition("-")[2]
    bound = "dpop_bound_access_tokens" if way == "dpop" else "tls_client_certificate_bound_access_tokens"
    signing = {"require_signed_request_object": True} if plan.startswith("signing") else {}
    keys = jwks_of(pair("PS256", number), pair("RS256", number), ECKey(IDENTITIES[number].key, None))
    return {
        "client_id": f"{plan}-{number}", "client_name": f"Bank {number}", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email offline_access", bound: True,
        "token_endpoint_auth_method": WAYS[way], "id_token_signed_response_alg": "PS256", "jwks": json.loads(keys), **signing,
        "province": {"profile": "fapi2", "consent": "ask"}}


class House:
    """The product behind nginx, and what everybody may know of it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.clock = FakeClock(int(time.time()))
        self.issuer = ISSUER
        settings = make_settings(
            folder, database_url, [registration(plan, number) for plan in PLANS for number in range(2)], issuer=ISSUER,
            mtls_origin=MTLS, trusted_proxies=["127.0.0.1"])
        app = create_app(settings, directory=FakeDirectory([make_officer("canbo")]), clock=self.clock)
        self.front = Front(app, folder / "nginx", host=HOST, mtls_host=MTLS_HOST)
        self.http = self.front.caller()
        self.discovery = self.http.send("GET", f"{ISSUER}/.well-known/openid-configuration").json
        self.keys = KeySet.import_key_set(self.http.send("GET", self.discovery["jwks_uri"]).json)


class Browser:
    """An officer at a browser that knows only forms."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._caller = house.front.caller(cookies=True)

    def open(self, url: str, *, form: dict[str, str] | None = None) -> dict[str, str] | Page:
        """Open an address, and follow it to the application (parameters that arrive there) or to a page of ours."""
        for _ in range(10):
            headers = {"Origin": self._house.issuer} if form else {}
            answer = self._caller.send("POST" if form else "GET", url, form=form, headers=headers)
            location, form = answer.headers.get("Location") or answer.headers.get("Refresh", "").partition(";url=")[2], None
            if not location:
                return Page(url, answer.status_code, answer.text)
            if location.startswith(CALLBACK):
                assert answer.status_code in {302, 303}
                return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
            url = location if location.startswith("https://") else self._house.issuer + location
            assert url.startswith(self._house.issuer)
        raise AssertionError("redirects do not end")

    def go(self, url: str, *, agree: bool = True) -> dict[str, str] | Page:
        """The same, with name, password and consent where asked."""
        found = self.open(url)
        for _ in range(4):
            if not isinstance(found, Page):
                break
            asked, question = found.form_with("password"), found.form_with("answer")
            if asked is not None:
                found = self.open(asked.action, form=asked.fields | {"username": "canbo", "password": PASSWORD})
            elif question is not None:
                found = self.open(question.action, form=question.fields | {"answer": "accept" if agree else "deny"})
            else:
                break
        return found


class Bank:
    """One application of a plan."""

    def __init__(self, house: House, plan: str, number: int = 0) -> None:
        self.house, self.plan, self.number = house, plan, number
        self.client_id = f"{plan}-{number}"
        self.signs, self.dpop = plan.startswith("signing"), plan.endswith("dpop")
        self.key, self.proof_key = pair("PS256", number), pair("ES256", number)
        self.verifier = secrets.token_urlsafe(32)
        self.browser = Browser(house)
        self.asked: dict[str, Any] = {}

    # Requests of the application

    def address(self, endpoint: str) -> str:
        """Where an endpoint is for this application (RFC 8705 §5)."""
        told = self.house.discovery
        return str((told if self.dpop else told["mtls_endpoint_aliases"])[endpoint])

    def authentication(self, *, audience: Any = None, **how: Any) -> dict[str, str]:
        if not self.dpop:
            return {"client_id": self.client_id}
        key = how.pop("key", self.key)
        return assertion_of(self.client_id, audience or self.house.issuer, self.house.clock.now(), key, **how)

    def proof(self, endpoint: str, **how: Any) -> str:
        how = {"method": "POST", "key": self.proof_key} | how
        return proof_of(how.pop("method"), self.address(endpoint), self.house.clock.now(), how.pop("key"), **how)

    def post(self, endpoint: str, form: dict[str, str], *, proof: str | None = None, shown: int | None = -1) -> Answer:
        """Send a form, with a proof, and over this application's certificate, another one's (its number) or none."""
        number = self.number if shown == -1 else shown
        return self.house.http.send("POST", self.address(endpoint), form=form, headers={"DPoP": proof} if proof else {},
                                    identity=None if self.dpop or number is None else IDENTITIES[number])

    def parameters(self, **changes: Any) -> dict[str, Any]:
        """Parameters of a good request; None leaves one out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        given = {"client_id": self.client_id, "redirect_uri": CALLBACK, "response_type": "code",
                 "scope": "openid profile offline_access", "state": secrets.token_urlsafe(8), "nonce": secrets.token_urlsafe(8),
                 "code_challenge": challenge, "code_challenge_method": "S256", "response_mode": "jwt" if self.signs else None}
        return {name: value for name, value in (given | changes).items() if value is not None}

    def request_object(self, asked: dict[str, Any], *, key: Any = None, alg: str | None = None, **claims: Any) -> str:
        now = self.house.clock.now()
        given = {"iss": self.client_id, "aud": self.house.issuer, "exp": now + 300, "nbf": now, "iat": now}
        return signed(given | asked | claims, key or self.key, alg=alg, typ="oauth-authz-req+jwt")

    def push(self, *, inside: dict[str, Any] | None = None, beside: dict[str, str] | None = None, proof: str | None = None,
             authentication: dict[str, str] | None = None, **changes: Any) -> Answer:
        """Push a request, signed where the plan signs; ``inside`` goes into the object alone, ``beside`` beside it."""
        self.asked = self.parameters(**changes)
        sent = {"request": self.request_object(self.asked, **(inside or {}))} if self.signs else self.asked
        return self.post("pushed_authorization_request_endpoint", {
            **sent, **(beside or {}), **(self.authentication() if authentication is None else authentication)}, proof=proof)

    def pushed(self, **how: Any) -> str:
        answer = self.push(**how)
        assert answer.status_code == 201, answer.text
        assert set(answer.json) == {"request_uri", "expires_in"}
        assert 5 <= answer.json["expires_in"] < 600
        return str(answer.json["request_uri"])

    def url(self, request_uri: str, **more: str) -> str:
        parameters = {"client_id": self.client_id, "request_uri": request_uri, **more}
        return f"{self.house.discovery['authorization_endpoint']}?{urlencode(parameters)}"

    def arrive(self, request_uri: str, *, error: str = "", agree: bool = True, **more: str) -> str:
        """Send the officer, check what comes back, and give the code (RFC 9207, JARM §2.4)."""
        told = self.browser.go(self.url(request_uri, **more), agree=agree)
        assert isinstance(told, dict), (told.status, told.heading)
        return self.opened(told, error)

    def opened(self, told: dict[str, Any], error: str = "") -> str:
        if self.signs:
            assert set(told) == {"response"}
            assert read_segment(told["response"], 0)["alg"] == "ES256"
            told = jwt.decode(told["response"], self.house.keys, algorithms=["ES256"]).claims
            assert told["aud"] == self.client_id
            assert self.house.clock.now() < told["exp"] <= self.house.clock.now() + 600
        assert (told["iss"], told.get("state")) == (self.house.issuer, self.asked.get("state"))
        assert told.get("error", "") == error, told
        assert ("code" in told) == (not error)
        return str(told.get("code", ""))

    def code(self, **how: Any) -> str:
        return self.arrive(self.pushed(**how))

    def redeem(self, code: str, *, authentication: dict[str, str] | None = None, proof: str | None = "", shown: int | None = -1,
               **changes: str | None) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": self.verifier}
        given = {name: value for name, value in (form | changes).items() if value is not None}
        if proof == "" and self.dpop:
            proof = self.proof("token_endpoint")
        return self.post("token_endpoint", given | (self.authentication() if authentication is None else authentication),
                         proof=proof or None, shown=shown)

    # What the application checks

    def tokens(self, answer: Answer) -> dict[str, Any]:
        """Check a token answer and use the token; gives it with the ID token's claims."""
        assert answer.status_code == 200, answer.text
        assert "no-store" in answer.headers["Cache-Control"]
        tokens: dict[str, Any] = answer.json
        assert tokens["token_type"].lower() == ("dpop" if self.dpop else "bearer")
        assert read_segment(tokens["id_token"], 0)["alg"] == "PS256"
        claims = jwt.decode(tokens["id_token"], self.house.keys, algorithms=["PS256"]).claims
        assert (claims["iss"], claims["aud"]) == (self.house.issuer, self.client_id)
        assert claims["exp"] > self.house.clock.now() >= claims["iat"]
        used = self.userinfo(tokens["access_token"])
        assert (used.status_code, used.json["sub"]) == (200, claims["sub"])
        return tokens | {"claims": claims}

    def userinfo(self, token: str, *, scheme: str = "", shown: int | None = -1, proof: str | None = "",
                 **how: Any) -> Answer:
        number = self.number if shown == -1 else shown
        if proof == "" and self.dpop:
            proof = self.proof("userinfo_endpoint", method="GET", access_token=token, **how)
        headers = {"Authorization": f"{scheme or ('DPoP' if self.dpop else 'Bearer')} {token}"}
        headers |= {"DPoP": proof} if proof else {}
        return self.house.http.send("GET", self.address("userinfo_endpoint"), headers=headers,
                                    identity=None if self.dpop or number is None else IDENTITIES[number])

    def flow(self, **how: Any) -> dict[str, Any]:
        """Go the whole way."""
        tokens = self.tokens(self.redeem(self.code(**how)))
        assert tokens["claims"].get("nonce") == self.asked.get("nonce")
        return tokens

    def refused(self, answer: Answer, *errors: str) -> None:
        """Check that an endpoint for programs refuses in the specification's words."""
        assert (answer.status_code, answer.json["error"] in errors) in {(400, True), (401, True)}, answer.text
        assert answer.json.get("error_description", "").isascii()

    def error_page(self, url: str) -> None:
        """Check that the officer is told, and nothing leaves for the application."""
        page = self.browser.go(url)
        assert isinstance(page, Page), page
        assert page.status >= 400
        assert page.heading
