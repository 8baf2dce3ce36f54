"""The authorization request: what is read, what is refused, and where a refusal may be shown.

Spec: RFC 6749 §3.1, §4.1.1-§4.1.2; OpenID Connect Core §3.1.2.1-§3.1.2.6, §3.2.2.1, §3.3.2.1; RFC 9207 (iss); RFC 9449 §10
(dpop_jkt); RFC 8707 §2.1 (resource); RFC 9396 §3, §5 (authorization_details).
Until the client and its redirect URI are both known to belong together nothing is ever redirected (security checklist 4).
Departs from RFC 6749 §3.1.2.3: the redirect URI is always sent, as OpenID Connect requires. How a request arrives is told in
``arrival.py``; what is not offered is refused by name rather than read past (OpenID Connect Core §6).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Protocol

from authlib.oauth2 import OAuth2Error

from ..errors import RefusedError
from . import pkce, response, scope
from .client import Client
from .requests import claims_parameter, credential_scope, rich_authorization
from .tokens import resource_indicator

PROMPTS = ("none", "login", "consent", "select_account")
DISPLAYS = ("page", "popup", "touch", "wap")
"""All pages fit a small screen and need no script; ``popup`` keeps them tied to the window that opened them."""
MOST_PARAMETERS = 100
LONGEST_VALUE = 8192

_SECONDS = re.compile(r"[0-9]{1,9}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")
_NO_TYPES: rich_authorization.Types = MappingProxyType({})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NOT_OFFERED = {"request": "request_not_supported", "request_uri": "request_uri_not_supported",
                "registration": "registration_not_supported"}


class UnsafeRequestError(RefusedError):
    """Nobody is known to whom an error could be sent: shown on our own page, never redirected.

    Codes: ``unknown_client``, ``redirect_uri_missing``, ``redirect_uri_mismatch``, ``repeated_parameter``,
    ``too_many_parameters``.
    """


class AuthorizationError(RefusedError):
    """The request is refused and the application is told, at its own redirect URI (RFC 6749 §4.1.2.1).

    Attributes:
        code: An error of RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 or Unmet Authentication Requirements.
        message: The error_description: ASCII without quotes and backslashes, never echoing input.
        redirect_uri: Known to belong to the client.
        state: Returned unchanged; None where none came.
    """

    def __init__(self, code: str, description: str, *, redirect_uri: str, state: str | None, response_mode: str,
                 client_id: str) -> None:
        super().__init__(description, code=code)
        self.redirect_uri = redirect_uri
        self.state = state
        self.response_mode = response_mode
        self.client_id = client_id


class Registrations(Protocol):
    """The look-up of clients (``ClientRegistry``)."""

    def find(self, client_id: str) -> Client | None:
        """Find a client that may act now."""
        ...


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose every parameter was checked; kept as JSON while the officer signs in.

    Attributes:
        response_type: Offered, registered, its words in order (``response.type_of``).
        response_mode: How the answer travels, never plain ``jwt`` (``response.mode_of``).
        scope: Each once, all registered for the client; ``offline_access`` only where a refresh token can be had.
        state: None where none came; "" does not happen (RFC 6749 §3.1: empty is absent).
        nonce: "" where none came; never where an ID token travels through the browser.
        code_challenge: "" where none came and none was needed, and where no code is asked for.
        prompt: In the order asked, each once.
        max_age: Seconds since the last password, 0 upwards; None where not asked (the client's default is the prompts' matter).
        login_hint: Shown as a prefilled name, at most 255 characters.
        ui_locales: Well-formed BCP 47 tags in order of preference.
        id_token_hint_sub: Subject of the ID token of ours that was sent along; None where none was. One that does not verify
            refuses the request.
        acr_values: In order of preference.
        dpop_jkt: Thumbprint of the key that the code is bound to (RFC 9449 §10); "" for none.
        claims: Claims asked for by name (§5.5), as compact JSON: members ``userinfo`` and ``id_token``, in each the names with
            ``essential`` and ``values`` where these say something; "" where none are. ``oidc.claims_request`` says what it means.
        pushed: Digest (hexadecimal) of the reference that it was pushed under (RFC 9126); "" for one that the browser brought.
        deferred: Which authorization that is waited for it was made for (``approvals.request_of``), never read from a request;
            then it has no redirect URI, no response type, and its answers are pages of ours. "" for all others.
        resources: Whom the access tokens are for (RFC 8707 §2.1); empty for the issuer alone.
        authorization_details: What is asked for beyond scopes (``rich_authorization.spell``); "" where nothing is.
        agreed_by: Subject of the officer who agreed to these details; "" before.
        signing: What the phone was asked for after that (``signing.csc.authorization``), never read from a request; "" before.
        post: JSON of the post that the officer acts in (``oidc.acting_post.noted``), never read from a request; "" for none.
    """

    client_id: str
    redirect_uri: str
    response_type: str
    response_mode: str
    scope: tuple[str, ...]
    state: str | None = None
    nonce: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    ui_locales: tuple[str, ...] = ()
    id_token_hint_sub: str | None = None
    acr_values: tuple[str, ...] = ()
    display: str = ""
    claims_locales: tuple[str, ...] = ()
    dpop_jkt: str = ""
    claims: str = ""
    pushed: str = ""
    deferred: str = ""
    resources: tuple[str, ...] = ()
    authorization_details: str = ""
    agreed_by: str = ""
    signing: str = ""
    post: str = ""

    @property
    def details(self) -> str:
        """What the grant keeps of the request beside its scope (``Grant.details``)."""
        kept: dict[str, Any] = {"claims": json.loads(self.claims)} if self.claims else {}
        if self.resources:
            kept["resources"] = self.resources
        if self.authorization_details:
            kept["authorization_details"] = json.loads(self.authorization_details)
        if self.signing:
            kept["signing"] = self.signing
        if self.post:
            kept["post"] = json.loads(self.post)
        return json.dumps(kept, separators=(",", ":")) if kept else ""

    @property
    def to_be_signed(self) -> rich_authorization.Detail | None:
        """What the officer's phone is to sign before anything is issued; None for a request that asks for no signature."""
        return credential_scope.to_be_signed(self.authorization_details)

    def unseen_by(self, sub: str) -> bool:
        """Tell whether it asks for authorization details that this officer has not agreed to, for this request."""
        return bool(self.authorization_details) and self.agreed_by != sub

    def to_json(self) -> str:
        """Give the form in which the request is stored."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> AuthorizationRequest:
        """Read what ``to_json`` wrote."""
        members: dict[str, Any] = json.loads(text)
        lists = {name: tuple(value) for name, value in members.items() if isinstance(value, list)}
        return cls(**(members | lists))

    def refuse(self, code: str, description: str) -> AuthorizationError:
        """Make the error that tells this request's application why it gets no code."""
        return AuthorizationError(code, description, redirect_uri=self.redirect_uri, state=self.state,
                                  response_mode=self.response_mode, client_id=self.client_id)


def parse(parameters: Mapping[str, Sequence[str]], registry: Registrations, *,
          read_hint: Callable[[str, str], str], response_types: Collection[str] = (response.CODE,),
          issuer: str = "", details_types: rich_authorization.Types = _NO_TYPES) -> AuthorizationRequest:
    """Read an authorization request, by GET or POST.

    Args:
        parameters: Every value of every name, as decoded from the query or the form.
        registry: Where clients are looked up.
        read_hint: Gives the subject of an ID token of ours (token, client_id); raises RefusedError when it is none.
        response_types: Those that are offered here (``response.offered``).
        issuer: The provider's issuer identifier, which is a resource too.
        details_types: Types of authorization details that are offered here.

    Raises:
        UnsafeRequestError: the client or the redirect URI is not known; show it on our own page.
        AuthorizationError: anything else; tell the application.

    Source: RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.2.
    """
    client, redirect_uri = _whom_to_answer(parameters, registry)
    answer = _Answer(parameters, client, redirect_uri)
    for name, values in parameters.items():
        if len(values) > 1 and name != resource_indicator.PARAMETER:
            raise answer.refusal("invalid_request", "A parameter is sent more than once.")
    sent = {name: values[0] for name, values in parameters.items() if values and values[0]}
    if any(len(value) > LONGEST_VALUE for value in sent.values()):
        raise answer.refusal("invalid_request", "A parameter is too long.")
    for name, code in _NOT_OFFERED.items():
        if name in sent:
            raise answer.refusal(code, f"The parameter {name} is not supported.")
    asked_type = _response_type(sent, client, answer, response_types)
    asked = _scope(sent, client, answer, asked_type)
    return AuthorizationRequest(
        client_id=client.client_id, redirect_uri=redirect_uri, response_type=asked_type, response_mode=answer.response_mode,
        scope=asked, state=answer.state, nonce=_nonce(sent, answer, asked_type),
        code_challenge=_challenge(sent, client, answer, asked_type), code_challenge_method=sent.get("code_challenge_method", ""),
        prompt=_prompt(sent, answer), max_age=_max_age(sent, answer),
        login_hint=_CONTROL.sub("", sent.get("login_hint", ""))[:255],
        ui_locales=_languages(sent.get("ui_locales", "")), id_token_hint_sub=_hint(sent, client, answer, read_hint),
        acr_values=tuple(dict.fromkeys(_CONTROL.sub(" ", sent.get("acr_values", "")).split()))[:16],
        display=_word(sent.get("display", ""), DISPLAYS),
        claims_locales=_languages(sent.get("claims_locales", "")), claims=_claims(sent, answer),
        dpop_jkt=_dpop_jkt(sent, answer), resources=_resources(parameters, client, answer, issuer),
        authorization_details=_details(sent, client, answer, asked_type, details_types, asked))


def refusal(parameters: Mapping[str, Sequence[str]], registry: Registrations, code: str, description: str,
            ) -> UnsafeRequestError | AuthorizationError:
    """Make the refusal of a request whose parameters are not read any further: told to the application where it may be."""
    try:
        client, redirect_uri = _whom_to_answer(parameters, registry)
    except UnsafeRequestError:
        return UnsafeRequestError(description, code=code)
    return _Answer(parameters, client, redirect_uri).refusal(code, description)


def _whom_to_answer(parameters: Mapping[str, Sequence[str]], registry: Registrations) -> tuple[Client, str]:
    """Find client and redirect URI, without which no error may leave for anywhere else (security checklist 4)."""
    if len(parameters) > MOST_PARAMETERS:
        raise UnsafeRequestError("The request has too many parameters.", code="too_many_parameters")
    values = {name: parameters.get(name) or [""] for name in ("client_id", "redirect_uri")}
    if any(len(found) > 1 for found in values.values()):
        raise UnsafeRequestError("client_id or redirect_uri is sent more than once.", code="repeated_parameter")
    client = registry.find(values["client_id"][0]) if values["client_id"][0] else None
    if client is None:
        raise UnsafeRequestError("The application is not known here.", code="unknown_client")
    redirect_uri = values["redirect_uri"][0]
    if not redirect_uri:
        raise UnsafeRequestError("The application did not say where to return to.", code="redirect_uri_missing")
    if not client.check_redirect_uri(redirect_uri):
        raise UnsafeRequestError("The return address is not registered for this application.", code="redirect_uri_mismatch")
    return client, redirect_uri


class _Answer:
    """How errors of this request travel: learnt from the request itself, before the rest of it is checked."""

    def __init__(self, parameters: Mapping[str, Sequence[str]], client: Client, redirect_uri: str) -> None:
        self.state = _only(parameters, "state") or None
        self.response_mode, self.fault = response.mode_of(
            _only(parameters, "response_mode"), _only(parameters, "response_type"), redirect_uri)
        self._client = client
        self._redirect_uri = redirect_uri

    def refusal(self, code: str, description: str) -> AuthorizationError:
        return AuthorizationError(code, description, redirect_uri=self._redirect_uri, state=self.state,
                                  response_mode=self.response_mode, client_id=self._client.client_id)


def _only(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    """Give a parameter that was sent once; "" otherwise."""
    values = parameters.get(name) or ()
    return values[0] if len(values) == 1 else ""


def _response_type(sent: Mapping[str, str], client: Client, answer: _Answer, offered: Collection[str]) -> str:
    if "response_type" not in sent:
        raise answer.refusal("invalid_request", "response_type is missing.")
    asked = response.type_of(sent["response_type"])
    if asked not in offered:
        raise answer.refusal("unsupported_response_type", "This response type is not offered.")
    if not client.check_response_type(asked) or not all(map(client.check_grant_type, response.grant_types(asked))):
        raise answer.refusal("unauthorized_client", "The application is not registered for this response type.")
    if answer.fault:
        raise answer.refusal("invalid_request", answer.fault)
    return asked


def _scope(sent: Mapping[str, str], client: Client, answer: _Answer, response_type: str) -> tuple[str, ...]:
    asked = scope.words(sent.get("scope"))
    if not asked:
        raise answer.refusal("invalid_scope", "scope is missing or malformed.")
    if not scope.within(asked, client.scope):
        raise answer.refusal("invalid_scope", "A scope is not registered for this application.")
    if response.gives(response_type, "id_token") and scope.OPENID not in asked:
        raise answer.refusal("invalid_scope", "This response type needs the scope openid.")
    if client.check_grant_type("refresh_token") and response.gives(response_type, "code"):
        return asked
    return tuple(word for word in asked if word != scope.OFFLINE)


def _challenge(sent: Mapping[str, str], client: Client, answer: _Answer, response_type: str) -> str:
    if not response.gives(response_type, "code"):
        return ""  # nothing will be redeemed that a verifier could be asked for
    challenge = sent.get("code_challenge", "")
    fault = pkce.fault_of(challenge, sent.get("code_challenge_method"), required=pkce.required_of(client))
    if fault:
        raise answer.refusal("invalid_request", fault)
    return challenge


def _nonce(sent: Mapping[str, str], answer: _Answer, response_type: str) -> str:
    nonce = sent.get("nonce", "")
    if not nonce and response.gives(response_type, "id_token"):
        raise answer.refusal("invalid_request", "This response type needs a nonce.")
    if len(nonce) > 2048 or _CONTROL.search(nonce):
        raise answer.refusal("invalid_request", "nonce is too long or holds control characters.")
    return nonce


def _dpop_jkt(sent: Mapping[str, str], answer: _Answer) -> str:
    thumbprint = sent.get("dpop_jkt", "")
    if thumbprint and _THUMBPRINT.fullmatch(thumbprint) is None:
        raise answer.refusal("invalid_request", "dpop_jkt is not the base64url form of a SHA-256 thumbprint.")
    return thumbprint


def _prompt(sent: Mapping[str, str], answer: _Answer) -> tuple[str, ...]:
    prompts = tuple(dict.fromkeys(sent.get("prompt", "").split()))
    if any(word not in PROMPTS for word in prompts):
        raise answer.refusal("invalid_request", "prompt holds a value that is not supported.")
    if "none" in prompts and len(prompts) > 1:
        raise answer.refusal("invalid_request", "prompt none goes with no other value.")
    return prompts


def _max_age(sent: Mapping[str, str], answer: _Answer) -> int | None:
    text = sent.get("max_age")
    if text is None:
        return None
    if _SECONDS.fullmatch(text) is None:
        raise answer.refusal("invalid_request", "max_age must be a whole number of seconds.")
    return int(text)


def _hint(sent: Mapping[str, str], client: Client, answer: _Answer, read_hint: Callable[[str, str], str]) -> str | None:
    token = sent.get("id_token_hint")
    if token is None:
        return None
    try:
        return read_hint(token, client.client_id)
    except RefusedError:
        raise answer.refusal("invalid_request", "id_token_hint is not an ID token that this application got here.") from None


def _resources(parameters: Mapping[str, Sequence[str]], client: Client, answer: _Answer, issuer: str) -> tuple[str, ...]:
    try:
        return resource_indicator.named(client, parameters.get(resource_indicator.PARAMETER, ()), issuer=issuer)
    except resource_indicator.InvalidTargetError as refused:
        raise answer.refusal(refused.error, refused.description) from None


def _details(sent: Mapping[str, str], client: Client, answer: _Answer, response_type: str,
             types: rich_authorization.Types, asked: tuple[str, ...]) -> str:
    try:
        details = credential_scope.details_of(sent, asked, client, types)
        if details and response_type != response.CODE:
            raise rich_authorization.InvalidDetailsError("What is to be allowed goes with the response type code only.")
    except OAuth2Error as refused:
        raise answer.refusal(refused.error, refused.description) from None
    return rich_authorization.spell(details)


def _claims(sent: Mapping[str, str], answer: _Answer) -> str:
    try:
        return claims_parameter.read(sent["claims"], longest=LONGEST_VALUE) if "claims" in sent else ""
    except ValueError:
        raise answer.refusal("invalid_request", "claims is not a JSON object as OpenID Connect Core 5.5 describes.") from None


def _languages(text: str) -> tuple[str, ...]:
    return tuple(tag for tag in text.split()[:16] if _LANGUAGE.fullmatch(tag))


def _word(text: str, known: tuple[str, ...]) -> str:
    return text if text in known else ""
