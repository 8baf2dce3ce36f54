"""The whole application, and what gets a request past its front doors: clients, sessions, live codes and tokens, open pages."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Any

import pyotp

from idp.app import build_services, create_app
from idp.oauth.authorization_request import AuthorizationRequest
from idp.oauth.deferred import user_code
from idp.oauth.deferred.approvals import request_of
from idp.oauth.deferred.authorization import GRANT_TYPE_OF, Kind
from idp.oauth.provider_request import ProviderRequest
from idp.sessions.interaction import Interaction
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, make_officer
from tests.provider import CALLER, CHALLENGE, DEVICE_CODE, VERIFIER, basic
from tests.whole import CLIENT, make_settings, secret_of

from .fuzzing import Seen, call

SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"
NEW_PASSWORD = "Mot-mat-khau-moi-2027"
CIBA = GRANT_TYPE_OF[Kind.CIBA]
# ES256 throughout: an RSA signature costs as much as the rest of a token answer.
_WEB = {**CLIENT, "id_token_signed_response_alg": "ES256", "grant_types": [*CLIENT["grant_types"], DEVICE_CODE]}
CLIENTS: dict[str, dict[str, Any]] = {client["client_id"]: client for client in (
    _WEB,
    {**_WEB, "client_id": "thongke", "token_endpoint_auth_method": "client_secret_post",
     "redirect_uris": ["http://localhost:8002/cb"], "province": {"access_token_format": "jwt"}},
    {**_WEB, "client_id": "khaosat", "redirect_uris": ["http://localhost:8003/cb"], "province": {"consent": "ask"}},
    {**_WEB, "client_id": "dienthoai", "token_endpoint_auth_method": "none", "application_type": "native",
     "redirect_uris": ["http://127.0.0.1/cb"], "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE]},
    {"client_id": "duyet", "client_name": "Duyệt văn bản", "grant_types": [CIBA, "refresh_token"], "response_types": [],
     "scope": "openid profile offline_access", "token_endpoint_auth_method": "client_secret_basic",
     "id_token_signed_response_alg": "ES256", "backchannel_token_delivery_mode": "ping",
     "backchannel_client_notification_endpoint": "http://localhost:8004/ciba"},
    {"client_id": "dichvu", "client_name": "Dịch vụ", "grant_types": ["client_credentials"], "response_types": [],
     "scope": "service", "token_endpoint_auth_method": "client_secret_basic"})}


class Inside:
    """One application under attack.

    Attributes:
        examples: How many attacks each door is to stand.
        poisoned: Most of them with signs that only PostgreSQL minds.
        clock: Stands still but for ``later``.
        officers: Subjects by uid.
    """

    def __init__(self, folder: Path, url: str, *, examples: int, poisoned: bool = False) -> None:
        self.examples = examples
        self.poisoned = poisoned
        self.clock = FakeClock()
        self._people = FakeDirectory(
            [make_officer(uid, groups=("lanhdao",) if uid == "lanhdao" else ()) for uid in ("canbo", "lanhdao", "doimatkhau")])
        settings = make_settings(folder, url, CLIENTS.values())
        self._app = create_app(settings, directory=self._people, clock=self.clock)
        self.services = build_services(settings, directory=self._people, clock=self.clock)
        self._secrets = {client_id: secret_of(folder, client_id) for client_id, client in CLIENTS.items()
                         if client["token_endpoint_auth_method"] != "none"}
        self.officers = {uid: self.services.mirror.remember(officer, now=self.clock.now())
                         for uid, officer in self._people.officers.items()}
        self.services.totp.enrol(self._people.officers["lanhdao"].entry_uuid, SEED)
        self._open_a_browser()
        self.later(0)

    def _open_a_browser(self) -> None:
        client = self._app.test_client()
        page = client.get(client.get("/", base_url="http://localhost:8000").location, base_url="http://localhost:8000")
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        cookie = client.get_cookie("browser", domain="localhost")
        assert found is not None
        assert cookie is not None
        serializer: Any = self._app.session_interface
        self._browser_id = serializer.get_signing_serializer(self._app).loads(cookie.value)["id"]
        self.csrf = found[1]
        self.browser_cookie = f"browser={cookie.value}"

    def later(self, seconds: int) -> None:
        """Let time pass, give every officer the old password again, and sign one in anew."""
        self.clock.advance(seconds)
        self._people.passwords.clear()
        self._people.history.clear()
        self._people.must_change = {"doimatkhau"}
        cookie, self.session = self.services.sessions.open(
            self.officers["lanhdao"], acr=2, amr=("pwd", "otp", "mfa"), caller=CALLER)
        self.session_cookie = f"{self.browser_cookie}; sso={cookie}"

    def send(self, method: str, path: str, **more: Any) -> Seen:
        """Send a request to the application."""
        return call(self._app.wsgi_app, method, path, **more)

    # Live values

    def parameters(self, client_id: str, **more: str) -> dict[str, str]:
        """Give a good authorization request."""
        scope = "openid profile offline_access"
        return {"client_id": client_id, "redirect_uri": CLIENTS[client_id]["redirect_uris"][0], "response_type": "code",
                "scope": scope, "state": "st", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256"} | more

    def asked(self, client_id: str, **more: str) -> AuthorizationRequest:
        """Give the same, as the provider stores it."""
        given = self.parameters(client_id, **more)
        return self.services.provider.parse_authorization({name: [value] for name, value in given.items()})

    def code(self, client_id: str) -> str:
        """Give a fresh code."""
        answer = self.services.provider.issue_code(self.asked(client_id), session=self.session, caller=CALLER)
        return dict(answer.parameters)["code"]

    def tokens(self, client_id: str) -> dict[str, str]:
        """Give a fresh token answer, with the code that it was given for."""
        if CIBA in CLIENTS[client_id]["grant_types"]:
            return self._answer(client_id, {"grant_type": CIBA, "auth_req_id": self.asking(client_id, approved=True)})
        if "authorization_code" not in CLIENTS[client_id]["grant_types"]:
            return self._answer(client_id, {"grant_type": "client_credentials"})
        code = self.code(client_id)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLIENTS[client_id]["redirect_uris"][0],
                "code_verifier": VERIFIER}
        return {"code": code} | self._answer(client_id, form)

    def device(self, client_id: str, *, approved: bool = False) -> tuple[str, str]:
        """Give the codes of a device that waits, or that an officer has approved."""
        secret, code = secrets.token_urlsafe(32), user_code.make()
        asked = AuthorizationRequest(client_id, "", "", "", ("openid", "profile", "offline_access"))
        approvals = self.services.approvals
        assert approvals.begin(Kind.DEVICE, asked, CALLER, secret=secret, user_code=code, lifetime_seconds=600,
                               interval_seconds=5)
        if approved:
            deferred = approvals.by_user_code(code)
            assert deferred is not None
            assert approvals.approve(deferred, self.session, CALLER)
        return secret, code

    def asking(self, client_id: str, *, approved: bool = False) -> str:
        """Give the auth_req_id of an application that asks for the officer, or that the officer has approved."""
        secret = secrets.token_urlsafe(32)
        asked = AuthorizationRequest(client_id, "", "", "", ("openid", "profile", "offline_access"))
        approvals = self.services.approvals
        for earlier in approvals.awaiting(self.session.sub):
            approvals.approve(earlier, self.session, CALLER)  # who refuses is not asked again at once
        assert approvals.begin(Kind.CIBA, asked, CALLER, secret=secret, sub=self.session.sub, lifetime_seconds=600,
                               interval_seconds=5, most_pending=5)
        if approved:
            assert approvals.approve(approvals.awaiting(self.session.sub)[-1], self.session, CALLER)
        return secret

    def _answer(self, client_id: str, form: dict[str, str]) -> dict[str, str]:
        fields, authorization = self.credentials(client_id, "right")
        answer = self.services.provider.token(ProviderRequest(form | fields, caller=CALLER, authorization=authorization or ""))
        assert answer.status == 200, answer
        return dict(answer.body)

    def credentials(self, client_id: str, how: str) -> tuple[dict[str, str], str | None]:
        """Give fields and header with which a client authenticates, or fails to."""
        method = CLIENTS[client_id]["token_endpoint_auth_method"]
        secret = self._secrets.get(client_id, "x") if how != "wrong" else "wrong"
        in_body = {"client_id": client_id, "client_secret": secret}
        if how == "none":
            return {}, None
        if how == "twice":
            return in_body, basic(client_id, secret)
        if method == "none" and how != "wrong":
            return {"client_id": client_id}, None
        if (method == "client_secret_basic") is (how != "other way"):
            return {}, basic(client_id, secret)
        return in_body, None

    def filled(self, client_id: str, value: str) -> str:
        """Put a live value in the place of one in angle brackets."""
        if not value.startswith("<"):
            return value
        what = value.strip("<>")
        if what == "request_uri":
            return self.services.provider.pushed.keep(self.asked(client_id), self.services.clients.find(client_id), CALLER)
        if what == "code":
            return self.code(client_id)
        if what in {"device_code", "approved device_code"}:
            secret, _ = self.device(client_id, approved=what != "device_code")
            return secret
        if what in {"auth_req_id", "approved auth_req_id"}:
            return self.asking(client_id, approved=what != "auth_req_id")
        if what == "approval":
            self.asking(client_id)
            return self.services.approvals.awaiting(self.session.sub)[-1].digest.hex()
        if what == "user_code":
            return user_code.shown(self.device(client_id)[1])
        if what == "spent code":
            return self.tokens(client_id)["code"]
        if what == "spent refresh":
            token = self.tokens(client_id)["refresh_token"]
            self._answer(client_id, {"grant_type": "refresh_token", "refresh_token": token})
            return token
        return self.tokens(client_id)[what]

    # Pages

    def page(self, kind: str) -> Interaction:
        """Open a page at a step of a sign-in: ``password``, ``otp``, ``new_password`` or ``consent``."""
        client_id = "khaosat" if kind == "consent" else "qlvb"
        asked = self.asked(client_id, **({"prompt": "consent"} if kind == "consent" else {}))
        begun = self.services.interactions.begin_authorization(client_id, asked.to_json())
        interaction = self.services.interactions.take_up(begun.id, self._browser_id)
        assert interaction is not None
        if kind in {"otp", "new_password"}:
            officer = self._people.officers["lanhdao" if kind == "otp" else "doimatkhau"]
            proven = self.services.interactions.prove(interaction, officer.entry_uuid, ("pwd",), must_change=kind != "otp")
            assert proven is not None
        return interaction

    def device_page(self) -> Interaction:
        """Open the page that shows which device asks."""
        deferred = self.services.approvals.by_user_code(self.device("qlvb")[1])
        assert deferred is not None
        begun = self.services.interactions.begin_authorization("qlvb", request_of(deferred).to_json())
        interaction = self.services.interactions.take_up(begun.id, self._browser_id)
        assert interaction is not None
        return interaction

    def otp(self) -> str:
        """Give the one-time code of this moment."""
        return pyotp.TOTP(SEED).at(self.clock.now())

    def mark(self, interaction: Interaction) -> str:
        """Give what ties a consent to the session that saw the question."""
        return hashlib.sha256(f"{interaction.id} {self.session.sid}".encode()).hexdigest()[:16]
