"""Walking the flows of a registration as its application would, against a private copy of this deployment.

Spec: RFC 6749 §4.1, §4.4 and §6, OpenID Connect Core §3.1 and §5.3, RFC 7009, RFC 7662, OpenID Connect RP-Initiated Logout §2,
RFC 8628 §3, CIBA §7 and §10.1, RFC 8693 §2, RFC 9101 §4, RFC 9126 §2.
The copy (``app.rehearsal``) has the same settings and rooms, an empty database that is thrown away, and no network: a walk leaves
no row, no session, no token and no line in the audit trail. An officer is taken to have signed in and agreed; everything else
goes through the door for programs.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from ..audit import Caller
from ..directory.officer import Address, Officer, Post
from ..errors import RefusedError
from ..oauth import response, scope
from ..oauth.client import Client
from ..oauth.deferred import user_code
from ..oauth.deferred.authorization import GRANT_TYPE_OF, Deferred, Kind
from ..oauth.grants import delegation, token_exchange
from ..oauth.metadata import Paths
from ..oidc import claims
from ..services import Door, Services
from ..sessions.single_sign_on import NotActiveError, Session
from .stand_in import StandIn

WALKED: Final = "ok"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
_CALLER: Final = Caller("cli", "rehearsal")
_PROXY: Final = "127.0.0.1"
_ENCRYPTED_PARTS: Final = 5
_ORIGINS_URI: Final = "https://stand-in.invalid/callback"
_REMEDIES: Final[Mapping[str, str]] = {
    "access_denied": "The officer is disabled, or in none of province.allowed_groups: flask --app wsgi directory show UID",
    "unknown_user_id": "The officer is disabled, or in none of province.allowed_groups: flask --app wsgi directory show UID",
    "invalid_client": "See what is wrong with token_endpoint_auth_method, jwks and the secret above.",
    "invalid_scope": "Register every scope that the application asks for.",
    "invalid_dpop_proof": "See dpop_bound_access_tokens: the application has to send a DPoP proof.",
}
_READ: Final = "Read the page of its kind of application in docs/relying-applications/."


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``ok``, ``failed`` or ``skipped``, what was found, and what to do."""

    step: str
    state: str
    found: str
    remedy: str = ""


class StuckError(Exception):
    """A step that did not give what it should; the flow ends here."""

    def __init__(self, found: str, code: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.remedy = _REMEDIES.get(code, _READ)


def example_officer(client: Client) -> Officer:
    """Invent an officer who has everything that an application could ask for, and whom this one admits."""
    mail = "can.bo@example.invalid"
    return Officer(
        entry_uuid="00000000-0000-4000-8000-000000000000", dn="uid=can.bo,dc=example,dc=invalid", uid="can.bo",
        name="Nguyễn Văn Mẫu", given_name="Mẫu", family_name="Nguyễn", mail=mail, phone="+84293000000",
        posts=(Post("H30", "000.00.00.H30", "Cơ quan mẫu", "Chuyên viên"),), groups=tuple(sorted(client.allowed_groups)[:1]),
        attributes={"uid": "can.bo", "mail": mail, "employeeNumber": "0"}, address=Address(street="Số 1", region="Tỉnh mẫu"))


class Walk:
    """One walk.

    Args:
        house: The copy's rooms, in which nothing is registered yet.
        door: The copy's door for programs.
        stand_in: The application.
        officer: Who signs in; a real or an invented one.
    """

    def __init__(self, house: Services, door: Door, stand_in: StandIn, officer: Officer) -> None:
        self._house = house
        self._browser = Browser(door)
        self._stand_in = stand_in
        self._officer = officer
        self._client, stand_in.secret = house.registrar.create(stand_in.metadata(), _CALLER)
        self._sub = house.mirror.remember(officer, now=house.clock.now())

    def steps(self) -> Iterator[Step]:
        """Walk every grant that is registered."""
        walks: Mapping[str, Callable[[], Iterator[Step]]] = {
            "authorization_code": self._code_flow, "implicit": self._browser_flow, "client_credentials": self._machine_flow,
            GRANT_TYPE_OF[Kind.DEVICE]: self._device_flow, GRANT_TYPE_OF[Kind.CIBA]: self._backchannel_flow,
            delegation.GRANT_TYPE: self._exchange_flow}
        for grant in self._client.grant_types:
            if grant == "refresh_token":
                continue  # on the way of what an officer gives
            if grant not in walks:
                yield Step(grant, SKIPPED, "only an issuer that the operator trusts could sign what this grant needs.")
                continue
            try:
                yield from walks[grant]()
            except StuckError as stuck:
                yield Step(grant, FAILED, stuck.found, stuck.remedy)
        if self._client.post_logout_redirect_uris:
            yield self._logout()

    # Flows

    def _code_flow(self) -> Iterator[Step]:
        client, session = self._client, self._session()
        for uri in client.redirect_uris[1:]:
            self._authorize(session, response.CODE, uri)
        answer, verifier = self._authorize(session, response.CODE, client.redirect_uris[0])
        taken = {"signed": client.require_signed_request_object, "pushed": self._pushes(client)}
        ways = [way for way, is_taken in taken.items() if is_taken]
        yield Step("authorization request", WALKED, "a code for every one of the redirect_uris"
                   + (f"; the requests were {' and '.join(ways)}." if ways else "."))
        yield from self._given({"grant_type": "authorization_code", "code": answer["code"], "code_verifier": verifier,
                                "redirect_uri": client.redirect_uris[0]})
        if client.backchannel_logout_uri:
            yield self._notice()

    def _device_flow(self) -> Iterator[Step]:
        """Ask as a device; the officer is taken to have typed the code."""
        asked = self._call("POST", Paths().device_authorization, {"scope": self._scope()}, authenticate=True).get_json()
        self._approve(self._house.approvals.by_user_code(user_code.normal(asked["user_code"])))
        yield Step("device authorization", WALKED, f"a code for the officer to type at {asked['verification_uri']}.")
        yield from self._given({"grant_type": GRANT_TYPE_OF[Kind.DEVICE], "device_code": asked["device_code"]})

    def _backchannel_flow(self) -> Iterator[Step]:
        """Ask for the officer by name; the application is taken to poll, for nobody is notified from here."""
        client = self._client
        form = {"scope": self._scope(), "login_hint": self._officer.uid}
        if client.backchannel_token_delivery_mode == "ping":
            form["client_notification_token"] = secrets.token_urlsafe(32)
        signed = bool(client.backchannel_authentication_request_signing_alg)
        if signed:
            form = {"request": self._stand_in.backchannel_request(form)}
        asked = self._call("POST", Paths().backchannel_authentication, form, authenticate=True).get_json()
        self._approve(next(iter(self._house.approvals.awaiting(self._sub)), None))
        yield Step("backchannel authentication", WALKED,
                   f"the officer is asked by name{'; the request was signed' if signed else ''}.")
        yield from self._given({"grant_type": GRANT_TYPE_OF[Kind.CIBA], "auth_req_id": asked["auth_req_id"]})

    def _exchange_flow(self) -> Iterator[Step]:
        """Exchange a token that the officer gave to another application, for which a stand-in is entered."""
        others = [name for name in self._client.exchange_from if name != self._client.client_id]
        if not others:
            raise StuckError("province.exchange_from names no other application, so that every exchange is refused.")
        words = " ".join(sorted(self._client.scope - {scope.OFFLINE}))
        registered, secret = self._house.registrar.create({
            "client_id": others[0], "client_name": "stand-in", "redirect_uris": [_ORIGINS_URI], "scope": words}, _CALLER)
        origin = StandIn(registered, issuer=self._house.settings.issuer, clock=self._house.clock)
        origin.secret = secret
        answer, verifier = self._authorize(self._session(), response.CODE, _ORIGINS_URI, origin)
        theirs = self._token({"grant_type": "authorization_code", "code": answer["code"], "code_verifier": verifier,
                              "redirect_uri": _ORIGINS_URI}, origin)
        tokens = self._token({"grant_type": delegation.GRANT_TYPE, "subject_token": theirs["access_token"],
                              "subject_token_type": token_exchange.ACCESS_TOKEN})
        yield Step("token exchange", WALKED,
                   f"for a token of {others[0]}, scopes: {tokens.get('scope') or 'none'}; {self._described(tokens)}")
        yield from self._end(tokens)

    def _browser_flow(self) -> Iterator[Step]:
        for kind in self._client.response_types:
            if kind != response.CODE:
                answer, _ = self._authorize(self._session(), kind, self._client.redirect_uris[0])
                yield Step(f"response type {kind}", WALKED, f"answered with {', '.join(sorted(answer))}.")

    def _machine_flow(self) -> Iterator[Step]:
        tokens = self._token({"grant_type": "client_credentials"})
        yield Step("client credentials", WALKED, f"scopes: {tokens.get('scope') or 'none'}; {self._described(tokens)}")
        yield from self._end(tokens)

    def _given(self, form: Mapping[str, str]) -> Iterator[Step]:
        """Fetch what an officer gave, and use all of it."""
        client, tokens = self._client, self._token(form)
        if scope.OPENID in client.scope and "id_token" not in tokens:
            raise StuckError("no ID token came with the access token.")
        yield Step("token", WALKED, self._described(tokens))
        if scope.OPENID in client.scope:
            yield self._userinfo(tokens["access_token"])
        if "refresh_token" in client.grant_types:
            if "refresh_token" not in tokens:
                raise StuckError("no refresh token came with the access token.")
            given = self._token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
            kept, tokens = "refresh_token" not in given, {**tokens, **given}
            yield Step("refresh", WALKED, "new access token; the refresh token stays." if kept else
                       "new access token and new refresh token.")
        yield from self._end(tokens)

    def _end(self, tokens: Mapping[str, Any]) -> Iterator[Step]:
        """Ask about an access token, revoke what there is, and see that it is worth nothing any more."""
        token = str(tokens["access_token"])
        if not self._client.public:
            if not self._introspect(token).get("active"):
                raise StuckError("introspection says that a new access token is not active.")
            yield Step("introspection", WALKED, "the access token is active.")
        self._call("POST", Paths().revocation, {"token": str(tokens.get("refresh_token", token))}, authenticate=True)
        if not self._client.public and self._introspect(token).get("active"):
            raise StuckError("a revoked access token is still active.")
        yield Step("revocation", WALKED, "nothing is left of the tokens.")

    # Steps

    def _session(self) -> Session:
        level = self._house.assurance.demanded(self._officer.groups, self._client.required_level, units=self._officer.units,
                                               source=_CALLER.source)
        try:
            return self._house.sessions.open(self._sub, acr=level, amr=("pwd",), caller=_CALLER)[1]
        except NotActiveError as refusal:
            raise StuckError(f"access_denied: {refusal.message}", "access_denied") from refusal

    def _scope(self) -> str:
        return " ".join(sorted(self._client.scope))

    def _pushes(self, client: Client) -> bool:
        return self._house.provider.pushed.demanded_of(client)

    def _approve(self, deferred: Deferred | None) -> None:
        """Say yes in the officer's place."""
        try:
            if deferred is None or not self._house.approvals.approve(deferred, self._session(), _CALLER):
                raise StuckError("the officer is not asked.")
        except RefusedError as err:
            raise StuckError(f"the officer may not approve it: {err.code}. {err.message}", err.code) from err

    def _authorize(self, session: Session, kind: str, redirect_uri: str,
                   stand_in: StandIn | None = None) -> tuple[dict[str, str], str]:
        """Send an authorization request for every registered scope; gives the answer's parameters and the code verifier.

        It is signed and pushed where it has to be.
        """
        stand_in = stand_in or self._stand_in
        client = stand_in.client
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(8)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {"client_id": client.client_id, "redirect_uri": redirect_uri, "response_type": kind, "state": state,
                      "scope": " ".join(sorted(client.scope)), "nonce": secrets.token_urlsafe(8),
                      "code_challenge": challenge, "code_challenge_method": "S256"}
        if client.require_signed_request_object:
            outside = {name: parameters[name] for name in ("client_id", "redirect_uri", "response_type", "scope")}
            parameters = outside | {"request": stand_in.request_object(parameters)}
        if self._pushes(client):
            pushed = self._call("POST", Paths().pushed_authorization, parameters, authenticate=True, stand_in=stand_in).get_json()
            parameters = {"client_id": client.client_id, "request_uri": pushed["request_uri"]}
        try:
            request = self._house.provider.parse_authorization({name: [value] for name, value in parameters.items() if value})
            answer = self._house.provider.issue_code(request, session=session, caller=_CALLER)
        except RefusedError as err:
            raise StuckError(f"the authorization request is refused: {err.code}. {err.message}", err.code) from err
        return dict(answer.parameters), verifier

    def _token(self, form: Mapping[str, str], stand_in: StandIn | None = None) -> dict[str, Any]:
        return dict(self._call("POST", Paths().token, form, authenticate=True, stand_in=stand_in).get_json())

    def _userinfo(self, token: str) -> Step:
        answer = self._call("GET", Paths().userinfo, {}, token=token)
        if answer.mimetype == "application/jwt":
            parts = answer.text.count(".") + 1
            return Step("userinfo", WALKED, f"a JWT, {'encrypted' if parts == _ENCRYPTED_PARTS else 'signed'}.")
        told = sorted(answer.get_json())
        promised = {claim for word in self._client.scope for claim in claims.SCOPES.get(word, ())}
        missing = sorted(promised - set(told))
        return Step("userinfo", WALKED, f"claims: {', '.join(told)}"
                    + (f"; nothing to tell about: {', '.join(missing)}." if missing else "."))

    def _introspect(self, token: str) -> dict[str, Any]:
        return dict(self._call("POST", Paths().introspection, {"token": token}, authenticate=True).get_json())

    def _notice(self) -> Step:
        session = self._session()
        self._authorize(session, response.CODE, self._client.redirect_uris[0])
        told = self._house.sessions.end(session.sid, "logout", _CALLER)
        if self._client.client_id not in told:
            raise StuckError("no logout token is queued when the session ends.")
        return Step("back-channel logout", WALKED, f"a logout token is queued for {self._client.backchannel_logout_uri}.")

    def _logout(self) -> Step:
        for uri in self._client.post_logout_redirect_uris:
            asked = self._house.end_session.read({"client_id": [self._client.client_id], "post_logout_redirect_uri": [uri]})
            if asked.return_uri != uri:
                return Step("logout", FAILED, f"the officer would not be brought back to {uri}.", _READ)
        return Step("logout", WALKED, f"back to {', '.join(self._client.post_logout_redirect_uris)}.")

    def _described(self, tokens: Mapping[str, Any]) -> str:
        id_token = str(tokens.get("id_token", ""))
        kind = f", {'encrypted' if id_token.count('.') + 1 == _ENCRYPTED_PARTS else 'signed'} ID token" if id_token else ""
        refresh = ", refresh token" if "refresh_token" in tokens else ""
        return f"{tokens['token_type']}, {tokens['expires_in']} s{kind}{refresh}."

    # HTTP

    def _call(self, method: str, path: str, form: Mapping[str, str], *, authenticate: bool = False, token: str = "",
              nonce: str = "", stand_in: StandIn | None = None) -> TestResponse:
        """Call the door, once more where it hands out a nonce (RFC 9449 §8); raises StuckError unless it answers 200 or 201."""
        stand_in, address = stand_in or self._stand_in, self._house.settings.issuer + path
        fields, headers = stand_in.authentication() if authenticate else ({}, {})
        proof = stand_in.proof(method, address, nonce=nonce, access_token=token)
        if token:
            headers["Authorization"] = f"{'DPoP' if proof else 'Bearer'} {token}"
        if stand_in.shows_certificate:
            headers["X-SSL-Client-Cert"] = stand_in.certificate
        answer = self._browser.open(path, method=method, base_url=self._house.settings.issuer, data={**form, **fields} or None,
                                    headers={**headers, **proof}, environ_overrides={"REMOTE_ADDR": _PROXY})
        if answer.status_code in {200, 201}:
            return answer
        told = answer.get_json(silent=True) or {}
        if "DPoP-Nonce" in answer.headers and not nonce:
            return self._call(method, path, form, authenticate=authenticate, token=token, nonce=answer.headers["DPoP-Nonce"],
                              stand_in=stand_in)
        code = str(told.get("error", ""))
        raise StuckError(f"{path} answers {answer.status_code} {code}: {told.get('error_description', '')}".rstrip(" :"), code)
