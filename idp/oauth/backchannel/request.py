"""The authentication request that an application sends without a browser: what is read and what is refused. Pure.

Spec: OpenID Connect Client-Initiated Backchannel Authentication §7.1, §7.1.2 and §13; RFC 8707 §2.1; FAPI-CIBA §5.2.2 (in
``signed_request.py``, which alone says who signs: §7.1.1 has a registration of its own for that, so that neither
require_signed_request_object nor require_pushed_authorization_requests binds here). Departs from §7.1 where it leaves a choice:
``login_hint_token`` and ``user_code`` are refused by name, because nothing here defines what would stand in them, and nobody must
believe that a code protects them which nobody checks; and a wait shorter than half a minute is made one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from authlib.oauth2 import OAuth2Error

from .. import scope
from ..authorization_request import AuthorizationRequest
from ..client import Client
from ..deferred.authorization import GRANT_TYPE_OF, Kind
from ..deferred.unread import refuse_unread
from ..shown_text import misleads
from ..tokens import resource_indicator

DELIVERY_MODES: Final = ("poll", "ping")
"""Ways in which an application learns of the answer; discovery lists the same. Tokens are never pushed to anybody."""
GRANT_TYPE: Final = GRANT_TYPE_OF[Kind.CIBA]
HINTS: Final = ("login_hint", "id_token_hint", "login_hint_token")
NOT_OFFERED: Final = ("user_code",)
"""Refused by name, beside what ``refuse_unread`` refuses: the application must not believe that it was read."""
LIFETIME_SECONDS: Final = 300
LEAST_LIFE_SECONDS: Final = 30
"""However short an application would wait; what is gone before anybody could read it only stands for the next one."""
LONGEST_LIFE_SECONDS: Final = 1800
"""However long an application would wait; by then the officer no longer knows what was asked."""
LONGEST_BINDING_MESSAGE: Final = 100
_LONGEST_HINT: Final = 8192

_SECONDS: Final = re.compile(r"[1-9][0-9]{0,8}")
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class BackchannelError(OAuth2Error):  # type: ignore[misc]
    """The request is refused with an error of CIBA §13; the description is ASCII and echoes nothing."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description, status_code=status, error=code)


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """A request whose every parameter was checked, but for whom it is about.

    Attributes:
        asked: What is asked for, in the form in which the pages take it up.
        login_hint: Name or mail of the officer; "" where an ID token names them.
        id_token_hint: An ID token of ours; "" where a name was sent.
        binding_message: What application and officer's device both show; one line, NFC; "" for none.
        lifetime_seconds: How long the answer is waited for.
        notification_token: What we show the application when we call it; "" for poll.
    """

    asked: AuthorizationRequest
    login_hint: str
    id_token_hint: str
    binding_message: str
    lifetime_seconds: int
    notification_token: str


def parse(sent: Mapping[str, str], client: Client, *, resources: Sequence[str] = (), issuer: str = "") -> BackchannelRequest:
    """Read a request of a client that has authenticated.

    Args:
        sent: Parameters of the form or of the signed request, each once, empty ones left out.
        client: As registered.
        resources: The values of ``resource``.
        issuer: The provider's issuer identifier, which is a resource too.

    Raises:
        BackchannelError: ``unauthorized_client``, ``invalid_request``, ``invalid_scope`` or ``invalid_binding_message``.
        OAuth2Error: as ``refuse_unread`` and ``resource_indicator.named``.

    Source: CIBA §7.1, §7.1.2.
    """
    if not client.check_grant_type(GRANT_TYPE):
        raise BackchannelError("unauthorized_client", "The application is not registered for backchannel authentication.")
    for name in NOT_OFFERED:
        if name in sent:
            raise BackchannelError("invalid_request", f"{name} is not supported here.")
    refuse_unread(sent)
    login_hint, id_token_hint = _hints(sent)
    acr_values = _CONTROL.sub(" ", sent.get("acr_values", "")).split()
    asked = AuthorizationRequest(
        client_id=client.client_id, redirect_uri="", response_type="", response_mode="", scope=_scope(sent, client),
        acr_values=tuple(dict.fromkeys(acr_values))[:16], resources=resource_indicator.named(client, resources, issuer=issuer))
    return BackchannelRequest(asked, login_hint, id_token_hint, _binding_message(sent), _lifetime(sent),
                              _notification_token(sent, client))


def _hints(sent: Mapping[str, str]) -> tuple[str, str]:
    named = [name for name in HINTS if name in sent]
    if len(named) != 1:
        raise BackchannelError("invalid_request", "Exactly one of login_hint and id_token_hint says whom it is about.")
    if named == ["login_hint_token"]:
        raise BackchannelError("invalid_request", "login_hint_token is not supported; use login_hint or id_token_hint.")
    hint = sent[named[0]]
    if len(hint) > _LONGEST_HINT:
        raise BackchannelError("invalid_request", "The hint is too long.")
    return (hint, "") if named == ["login_hint"] else ("", hint)


def _scope(sent: Mapping[str, str], client: Client) -> tuple[str, ...]:
    if "scope" not in sent:
        raise BackchannelError("invalid_request", "scope is missing.")
    asked = scope.words(sent["scope"])
    if not asked or scope.OPENID not in asked:
        raise BackchannelError("invalid_scope", "scope is malformed, or openid is not among it.")
    if not scope.within(asked, client.scope) or scope.leave_to_sign(asked):
        raise BackchannelError("invalid_scope", "A scope is not registered for this application.")
    if client.check_grant_type("refresh_token"):
        return asked
    return tuple(word for word in asked if word != scope.OFFLINE)


def _binding_message(sent: Mapping[str, str]) -> str:
    message = unicodedata.normalize("NFC", sent.get("binding_message", ""))
    if len(message) > LONGEST_BINDING_MESSAGE:
        raise BackchannelError("invalid_binding_message", f"binding_message is longer than {LONGEST_BINDING_MESSAGE} characters.")
    if misleads(message) or not all(map(_is_plain, message)):
        raise BackchannelError("invalid_binding_message",
                               "binding_message holds something else than letters, digits, punctuation and spaces.")
    return message


def _is_plain(sign: str) -> bool:
    """Tell whether a sign looks the same on every device: no pictures, and of all spaces the plain one."""
    return sign == " " or (sign.isascii() and sign.isprintable()) or unicodedata.category(sign)[0] in "LMNP"


def _lifetime(sent: Mapping[str, str]) -> int:
    text = sent.get("requested_expiry")
    if text is None:
        return LIFETIME_SECONDS
    if _SECONDS.fullmatch(text) is None:
        raise BackchannelError("invalid_request", "requested_expiry must be a positive whole number of seconds.")
    return max(LEAST_LIFE_SECONDS, min(int(text), LONGEST_LIFE_SECONDS))


def _notification_token(sent: Mapping[str, str], client: Client) -> str:
    if client.backchannel_token_delivery_mode != "ping":
        return ""  # CIBA §7.1: nobody will be called with it
    token = sent.get("client_notification_token", "")
    if not token:
        raise BackchannelError("invalid_request", "client_notification_token is missing, and the application is to be notified.")
    if not 20 <= len(token) <= 1024 or _BEARER.fullmatch(token) is None:
        raise BackchannelError("invalid_request", "client_notification_token must be 20 to 1024 characters of a bearer token.")
    return token
