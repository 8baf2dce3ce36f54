"""Everything that an officer can be given, over HTTP, and every path on which it is of use: for those who see it taken away."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import requests

from deploy.directory.server import SampleDirectory
from deploy.sample_province import TOTP_SEEDS
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.grants import jwt_bearer, token_exchange
from tests.directory_server import administering
from tests.fakes.client_keys import pair, signed
from tests.faults.product import CALLBACK, Product
from tests.provider import CHALLENGE, VERIFIER
from tests.receivers import Receivers
from tests.whole import secret_of

from .application import claims_of

DEVICE, CIBA = GRANT_TYPE_OF[Kind.DEVICE], GRANT_TYPE_OF[Kind.CIBA]
HRM, HRM_KEY = "https://nhansu.haugiang.example", pair("ES256", 5)
SERVED, SIGN_IN = "served", "to the sign-in page"
STOCK = 6
"""How many there are of what can be used only once."""
_FORM = re.compile(r'<form method="post" action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')


@dataclass
class Place:
    """A deployment and what stands around it."""

    product: Product
    directory: SampleDirectory
    receivers: Receivers

    def post(self, path: str, client_id: str, **form: str) -> requests.Response:
        """Ask as an application."""
        return requests.post(self.product.base + path, data=form, auth=(client_id, secret_of(self.product.folder, client_id)),
                             timeout=20)

    def dn(self, uid: str) -> str:
        """Find an entry."""
        with administering(self.directory) as connection:
            return str(connection.search_s(self.directory.base_dn, 2, f"(uid={uid})", ["uid"])[0][0])


class Browser:
    """Cookies and forms."""

    def __init__(self, place: Place) -> None:
        self._place, self._base = place, place.product.base
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str) -> requests.Response:
        """Open a page, without following."""
        return self._session.get(path if path.startswith("http") else self._base + path, allow_redirects=False, timeout=20)

    def page(self, path: str) -> requests.Response:
        """Open a page and follow as long as it leads on within the provider."""
        answer = self.get(path)
        while answer.is_redirect and not answer.headers["Location"].startswith(CALLBACK):
            answer = self.get(answer.headers["Location"])
        return answer

    def press(self, page: requests.Response, name: str, value: str, **more: str) -> requests.Response:
        """Send the form that has this field, or this button, and follow."""
        action, inside = next(found for found in _FORM.findall(page.text) if f'name="{name}"' in found[1])
        hidden = {unescape(key): unescape(told) for key, told in _HIDDEN.findall(inside)}
        address = unescape(action) if action.startswith("http") else self._base + unescape(action)
        answer = self._session.post(address, data={**hidden, name: value, **more}, allow_redirects=False, timeout=20,
                                    headers={"Origin": self._base, "Referer": page.url})
        assert answer.status_code < 500, answer.text
        there = answer.headers.get("Location", "")
        return self.page(there) if there and not there.startswith(CALLBACK) else answer

    def sign_in(self, uid: str, path: str = "/") -> requests.Response:
        """Open a page as somebody who has to sign in for it; with the second factor where one is asked for."""
        answer = self.press(self.page(path), "username", uid, password=SampleDirectory.password)
        if 'name="otp"' in answer.text:
            answer = self.press(answer, "otp", pyotp.TOTP(TOTP_SEEDS[uid]).now())
        return answer

    def code(self, client_id: str, scope: str, **more: str) -> str:
        """Ask for a code with the session that there is, or give the error."""
        query = urlencode({"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": scope,
                           "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **more})
        there = self.page(f"/authorize?{query}").headers["Location"]
        told = parse_qs(urlsplit(there).query)
        return (told.get("code") or told["error"])[0]

    def is_signed_in(self) -> str:
        """Ask for the portal."""
        answer = self.get("/")
        return SERVED if answer.status_code == 200 else SIGN_IN if answer.is_redirect else str(answer.status_code)


@dataclass
class Row:
    """One path.

    Attributes:
        path: What is tried.
        ask: Tries once; ``SERVED``, or what was answered instead.
        refusal: What the specification demands.
        anew: Whether it needs nothing that was given before, so that it is served again after a return. It may look at the
            directory itself and tell the mirror, so it is asked last.
    """

    path: str
    ask: Callable[[], str]
    refusal: str
    anew: bool = False


@dataclass
class Stock:
    """Things that are good once: each try that is served uses up one, and the pause before the next grows."""

    left: list[str]
    use: Callable[[str], str]
    pause: float = 0.1
    due: float = field(default=0.0)

    def __call__(self) -> str:
        now = time.monotonic()
        if now < self.due or not self.left:
            return SERVED
        answer = self.use(self.left[-1])
        if answer == SERVED:
            self.left.pop()
            self.due, self.pause = now + self.pause, self.pause * 2
        return answer


def clients(receivers: Receivers) -> list[dict[str, Any]]:
    code = {"redirect_uris": [CALLBACK], "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": "ES256"}
    machine = {"response_types": [], "token_endpoint_auth_method": "client_secret_basic"}
    scope = "openid profile offline_access"
    return [
        {**code, "client_id": "qlvb", "client_name": "Quản lý văn bản", "scope": scope,
         "grant_types": ["authorization_code", "refresh_token", DEVICE, CIBA], "backchannel_token_delivery_mode": "poll",
         "backchannel_logout_uri": receivers.url("/status-200/qlvb", host="localhost")},
        {**code, "client_id": "thongke", "client_name": "Thống kê", "scope": scope, "grant_types": ["authorization_code"],
         "backchannel_logout_uri": receivers.url("/status-200/thongke", host="localhost"),
         "province": {"access_token_format": "jwt"}},
        {**code, "client_id": "quantri", "client_name": "Quản trị", "scope": "openid admin",
         "grant_types": ["authorization_code"]},
        {**machine, "client_id": "lgsp", "client_name": "Trục", "scope": "openid profile",
         "grant_types": [token_exchange.GRANT_TYPE, jwt_bearer.GRANT_TYPE], "province": {"exchange_from": ["qlvb"]}}]


# What is asked

def answered(reply: requests.Response) -> str:
    """Say what a program was answered."""
    if reply.status_code == 200:
        return SERVED
    challenge = re.search(r'error="([^"]+)"', reply.headers.get("WWW-Authenticate", ""))
    error = challenge[1] if challenge else reply.json().get("error") or reply.json().get("code")
    return f"{reply.status_code} {error}"


def userinfo(place: Place, token: str) -> str:
    return answered(requests.get(f"{place.product.base}/userinfo", headers={"Authorization": f"Bearer {token}"}, timeout=20))


def introspected(place: Place, client_id: str, token: str) -> str:
    reply = place.post("/introspect", client_id, token=token).json()
    return SERVED if reply["active"] else json.dumps(reply)


def tokens(place: Place, browser: Browser, client_id: str, scope: str) -> dict[str, Any]:
    return redeem(place, client_id, browser.code(client_id, scope)).json()  # type: ignore[no-any-return]


def redeem(place: Place, client_id: str, code: str) -> requests.Response:
    return place.post("/token", client_id, grant_type="authorization_code", code=code, redirect_uri=CALLBACK,
                      code_verifier=VERIFIER)


def device(place: Place, browser: Browser) -> str:
    """Ask as a device, and approve it in the browser."""
    asked = place.post("/device_authorization", "qlvb", scope="openid profile offline_access").json()
    page = browser.press(browser.page("/device"), "user_code", asked["user_code"])
    assert "Đã chấp thuận" in browser.press(page, "answer", "accept").text
    return str(asked["device_code"])


def asked_by_name(place: Place, uid: str) -> requests.Response:
    return place.post("/bc-authorize", "qlvb", scope="openid profile", login_hint=uid)


def approved_by_name(place: Place, browser: Browser, uid: str) -> str:
    asked = asked_by_name(place, uid).json()
    waiting = browser.page("/approvals")
    chosen = re.search(r'name="approval" value="([^"]+)"', waiting.text)
    assert chosen is not None
    assert "Đã chấp thuận" in browser.press(browser.press(waiting, "approval", chosen[1]), "answer", "accept").text
    return str(asked["auth_req_id"])


def vouched(place: Place, uid: str) -> requests.Response:
    now = int(time.time())
    claims = {"iss": HRM, "sub": uid, "aud": place.product.base, "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(9)}
    return place.post("/token", "lgsp", grant_type=jwt_bearer.GRANT_TYPE, assertion=signed(claims, HRM_KEY))


def exchanged(place: Place, token: str) -> requests.Response:
    return place.post("/token", "lgsp", grant_type=token_exchange.GRANT_TYPE, subject_token=token,
                      subject_token_type=token_exchange.ACCESS_TOKEN)


def rows(place: Place, uid: str) -> tuple[list[Row], str]:
    """Give an officer everything that there is; gives the paths and the subject."""
    browser = Browser(place)
    assert browser.sign_in(uid).status_code == 200
    first = tokens(place, browser, "qlvb", "openid profile offline_access")
    second = tokens(place, browser, "thongke", "openid profile")
    refresh = [first["refresh_token"]]
    given = vouched(place, uid).json()["access_token"]
    handed_on = exchanged(place, first["access_token"]).json()["access_token"]
    codes = [browser.code("qlvb", "openid profile") for _ in range(STOCK)]
    devices = [device(place, browser) for _ in range(STOCK)]
    by_name = [approved_by_name(place, browser, uid) for _ in range(STOCK)]
    waits = asked_by_name(place, uid).json()["auth_req_id"]

    def refreshed() -> str:
        reply = place.post("/token", "qlvb", grant_type="refresh_token", refresh_token=refresh[0])
        refresh[0] = reply.json().get("refresh_token", refresh[0])
        return answered(reply)

    def poll(auth_req_id: str) -> requests.Response:
        return place.post("/token", "qlvb", grant_type=CIBA, auth_req_id=auth_req_id)

    def pending() -> str:
        told = answered(poll(waits))
        return SERVED if told in {"400 authorization_pending", "400 slow_down"} else told

    def silent() -> str:
        told = browser.code("thongke", "openid profile", prompt="none")
        return told if "_" in told and told.islower() else SERVED

    def signs_in() -> str:
        fresh = Browser(place)
        fresh.sign_in(uid)
        return "no session" if fresh.is_signed_in() == SIGN_IN else SERVED

    inactive = json.dumps({"active": False})
    access, jwt = str(first["access_token"]), str(second["access_token"])
    return [
        Row("session: the portal", browser.is_signed_in, SIGN_IN),
        Row("session: /authorize without a page", silent, "login_required"),
        Row("session: requests to answer", lambda: SIGN_IN if browser.get("/approvals").is_redirect else SERVED, SIGN_IN),
        Row("authorization code", Stock(codes, lambda code: answered(redeem(place, "qlvb", code))), "400 invalid_grant"),
        Row("refresh token, offline_access", refreshed, "400 invalid_grant"),
        Row("userinfo", lambda: userinfo(place, access), "401 invalid_token"),
        Row("userinfo, token in JWT form", lambda: userinfo(place, jwt), "401 invalid_token"),
        Row("introspection", lambda: introspected(place, "qlvb", access), inactive),
        Row("introspection, token in JWT form", lambda: introspected(place, "thongke", jwt), inactive),
        Row("introspection, refresh token", lambda: introspected(place, "qlvb", refresh[0]), inactive),
        Row("device code, approved", Stock(devices, lambda code: answered(place.post(
            "/token", "qlvb", grant_type=DEVICE, device_code=code))), "400 invalid_grant"),
        Row("token exchange, the subject", lambda: answered(exchanged(place, access)), "400 invalid_request"),
        Row("token exchange, the token it gave", lambda: introspected(place, "lgsp", handed_on), inactive),
        Row("CIBA, approved", Stock(by_name, lambda name: answered(poll(name))), "400 invalid_grant"),
        Row("CIBA, waiting for the officer", pending, "400 access_denied"),
        Row("CIBA, a new request", lambda: answered(asked_by_name(place, uid)), "400 unknown_user_id", anew=True),
        Row("assertion (RFC 7523), a new one", lambda: answered(vouched(place, uid)), "400 invalid_grant", anew=True),
        Row("assertion (RFC 7523), the token it gave", lambda: userinfo(place, given), "401 invalid_token"),
        Row("sign-in with the right password", signs_in, "no session", anew=True),
    ], str(claims_of(first["id_token"])["sub"])


def asked_alone(place: Place, uid: str) -> Row:
    """Ask an officer by name who has neither a session nor a grant."""
    waits = asked_by_name(place, uid).json()["auth_req_id"]

    def pending() -> str:
        told = answered(place.post("/token", "qlvb", grant_type=CIBA, auth_req_id=waits))
        return SERVED if told in {"400 authorization_pending", "400 slow_down"} else told

    return Row("CIBA, waiting for an officer who has nothing else", pending, "400 access_denied")


def administration(place: Place, uid: str) -> list[Row]:
    """Sign an administrator in with two factors, and give what they administer with."""
    browser = Browser(place)
    assert browser.sign_in(uid).status_code == 200
    token = str(tokens(place, browser, "quantri", "openid admin")["access_token"])

    def api(path: str) -> str:
        return answered(requests.get(f"{place.product.base}/api/v1/{path}", headers={"Authorization": f"Bearer {token}"},
                                     timeout=20))

    return [Row(f"administration API: {path}", lambda path=path: api(path), "401 invalid_token")  # type: ignore[misc]
            for path in ("clients", "officers?q=canbo", "grants?uid=canbo")] + [
                Row("administrator's session", browser.is_signed_in, SIGN_IN)]
