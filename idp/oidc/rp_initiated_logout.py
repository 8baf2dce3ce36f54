"""An application asks to sign its officer out: who asks, for which session, and where the browser may go afterwards.

Spec: OpenID Connect RP-Initiated Logout 1.0 §2-§4, §6, on Authlib's endpoint class. Departs from the class in five points:
the hint must be an ID token (no access or logout token passes), from this issuer, for exactly one client; whatever is wrong with
a request ends in a question to the officer and never in a redirection (§4); a hint counts as consent only when it is of the
very session that the browser has (security checklist 35); the post-logout URI matches as a string; ``logout_hint`` is not used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any, Protocol
from urllib.parse import quote

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oidc.rpinitiated import EndSessionEndpoint

from ..errors import RefusedError
from ..oauth.client import Client
from ..sessions.single_sign_on import Session
from .id_token import Hint
from .subject import Subjects

_LONGEST_VALUE = 8192


class Registrations(Protocol):
    """The look-up of clients."""

    def find(self, client_id: str) -> Client | None:
        """Find a client that may act now."""
        ...


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """An end-session request after its checks; kept as JSON while the officer is asked.

    Attributes:
        client_id: Who asks; empty when nobody is known.
        sub: Subject that the hint names, as this client sees it; empty without a valid hint.
        sid: Session that the hint names, as this client sees it; empty without a valid hint, or when it names none.
        redirect_uri: Where the browser goes afterwards, with ``state``; empty when it stays with us.
        return_uri: A registered post-logout URI that may be offered as a link after the officer has confirmed, although no hint
            came that would allow a redirection; with ``state``.
        ui_locales: Languages the application asked for.
    """

    client_id: str = ""
    sub: str = ""
    sid: str = ""
    redirect_uri: str = ""
    return_uri: str = ""
    ui_locales: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Give the form in which the request is stored."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LogoutRequest:
        """Read what ``to_json`` wrote."""
        members: dict[str, Any] = json.loads(text)
        return cls(**{**members, "ui_locales": tuple(members["ui_locales"])})


def needs_confirmation(request: LogoutRequest, client: Client | None, session: Session, subjects: Subjects) -> bool:
    """Tell whether the officer must be asked: always, unless a valid hint is of this very session.

    Source: RP-Initiated Logout 1.0 §6; security checklist 35.
    """
    if not request.sub or client is None:
        return True
    if request.sub != subjects.of(client, session.sub):
        return True
    return bool(request.sid) and request.sid != subjects.session_of(client, session.sid)


class EndSession(EndSessionEndpoint):  # type: ignore[misc]
    """Reads end-session requests; ending the session is the work of ``sessions.single_sign_on``.

    Args:
        registry: Where clients are looked up.
        read_hint: Reads an ID token of ours that comes back, expired or not (``IdTokens.read_hint``); raises RefusedError for
            anything else.
    """

    def __init__(self, registry: Registrations, read_hint: Callable[[str], Hint]) -> None:
        super().__init__(SimpleNamespace(query_client=registry.find))
        self._read_hint = read_hint

    def read(self, parameters: Mapping[str, list[str]]) -> LogoutRequest:
        """Read an end-session request, by GET or POST.

        A defect (a hint that is not ours, an audience that is not the client_id, an unregistered URI, a repeated parameter)
        leaves a request that names nobody and leads nowhere, so that the officer is asked and stays with us (§4).
        """
        languages = tuple((parameters.get("ui_locales") or [""])[0].split()[:16])
        if any(len(values) > 1 for values in parameters.values()):
            return LogoutRequest(ui_locales=languages)
        data = {name: values[0] for name, values in parameters.items() if values and 0 < len(values[0]) <= _LONGEST_VALUE}
        state = data.pop("state", "")
        data.pop("logout_hint", None)
        asked: Any = SimpleNamespace(payload=SimpleNamespace(data=data))
        try:
            found = self.validate_request(asked)
        except InvalidRequestError:
            return LogoutRequest(ui_locales=languages)
        client: Client | None = found.client
        claims = found.id_token_claims or {}
        wanted = data.get("post_logout_redirect_uri", "")
        if wanted and claims and not found.redirect_uri:
            return LogoutRequest(client_id=client.client_id if client else "", ui_locales=languages)
        offered = ""
        if not claims and client is not None and self._is_valid_post_logout_redirect_uri(client, wanted):
            offered = _with_state(wanted, state)
        return LogoutRequest(
            client_id=client.client_id if client else "", sub=claims.get("sub", ""), sid=claims.get("sid", ""),
            redirect_uri=_with_state(wanted, state) if found.redirect_uri else "", return_uri=offered,
            ui_locales=languages)

    def _validate_id_token_hint(self, id_token_hint: str) -> dict[str, Any]:
        """Take only an ID token of ours, expired or not (§2)."""
        try:
            hint = self._read_hint(id_token_hint)
        except RefusedError as err:
            raise InvalidRequestError("id_token_hint is not an ID token of this provider.") from err
        return {"sub": hint.sub, "sid": hint.sid, "aud": hint.client_id}

    def _is_valid_post_logout_redirect_uri(self, client: Client, post_logout_redirect_uri: str) -> bool:
        """Compare as a string with what is registered (§3)."""
        return bool(post_logout_redirect_uri) and post_logout_redirect_uri in client.post_logout_redirect_uris


def _with_state(uri: str, state: str) -> str:
    if not state:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}state={quote(state, safe='')}"
