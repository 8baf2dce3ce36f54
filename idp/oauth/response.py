"""The authorization response: which response types there are, how an answer travels, and how one is signed.

Spec: OAuth 2.0 Multiple Response Types §2.1, §3-§5; RFC 6749 §3.1.1, §4.1.2, §4.2.2; OAuth 2.0 Form Post Response Mode; JWT
Secured Authorization Response Mode §2.1-§2.3 (JARM); FAPI 2.0 Message Signing §5.4. Types that send an ID token or an access
token through the browser are offered only where the deployment says so (security checklist 8). Departs from RFC 6749 §4.2 and
OAuth 2.0 Multiple Response Types §4: ``token`` alone and ``none`` are never offered. JARM answers are signed, not encrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from ..jose import jwt, keyset
from ..jose.keyset import SigningKey

CODE: Final = "code"
FRONT_CHANNEL: Final = ("id_token", "id_token token", "code id_token", "code token", "code id_token token")
"""Types with a token in the browser, their words in the one order in which we keep them."""

ENCODINGS: Final = ("query", "fragment", "form_post")
MODES: Final = (*ENCODINGS, "jwt", *(f"{encoding}.jwt" for encoding in ENCODINGS))
"""Response modes; ``jwt`` means the signed form of the type's default (JARM §2.3.4)."""

ALGORITHMS: Final = ("RS256", *(alg for alg in keyset.ALGORITHMS if alg != "RS256"))
"""Algorithms of signed answers, the default first (JARM §3); ``none`` is never one of them."""

LIFETIME_SECONDS: Final = 300
"""How long a signed answer counts (JARM §2.1: ten minutes at most); the code in it lives a minute."""

_SIGNED: Final = ".jwt"


def offered(*, front_channel: bool) -> tuple[str, ...]:
    """Give the response types of a deployment; discovery lists the same.

    Args:
        front_channel: Whether tokens may travel through the browser.
    """
    return (CODE, *FRONT_CHANNEL) if front_channel else (CODE,)


def type_of(text: str) -> str:
    """Give a response type with its words in order: their order says nothing (RFC 6749 §3.1.1)."""
    return " ".join(sorted(text.split(" ")))


def gives(response_type: str, word: str) -> bool:
    """Tell whether ``code``, ``token`` or ``id_token`` comes back for a response type."""
    return word in response_type.split(" ")


def grant_types(response_type: str) -> tuple[str, ...]:
    """Give the grant types that a client registers beside a response type (OpenID Connect Registration §2)."""
    code = ("authorization_code",) if gives(response_type, CODE) else ()
    return (*code, "implicit") if _in_browser(response_type) else code


def mode_of(asked: str, response_type: str, redirect_uri: str) -> tuple[str, str]:
    """Decide how the answer to a request travels, the refusal of this very request included.

    Args:
        asked: ``response_mode``; "" where none came.
        response_type: As sent, known or not.
        redirect_uri: Known to belong to the client.

    Returns:
        One of ``MODES`` but ``jwt``, and what is wrong with the mode asked for; "" when nothing is.

    Source: OAuth 2.0 Multiple Response Types §2.1 and §5, JARM §2.3.
    """
    in_browser = _in_browser(response_type)
    default = "fragment" if in_browser else "query"
    if not asked:
        return default, ""
    if asked not in MODES:
        return default, "response_mode is not one that is offered."
    signed = _SIGNED if asked.endswith("jwt") else ""
    encoding = asked.removesuffix("jwt").removesuffix(".") or default
    if encoding == "query" and in_browser:
        return default + signed, "response_mode query is not offered for this response type: addresses are logged."
    if encoding == "form_post" and not redirect_uri.startswith(("https://", "http://")):
        return default + signed, "form_post needs an http or https redirect URI."
    return encoding + signed, ""


def _in_browser(response_type: str) -> bool:
    return gives(response_type, "token") or gives(response_type, "id_token")


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """What goes back to the application through the browser: by 303 to ``location()``, or by a form of ``parameters``."""

    redirect_uri: str
    response_mode: str
    parameters: tuple[tuple[str, str], ...]

    def location(self) -> str:
        """Give the redirect URI with the parameters added to its own query (RFC 6749 §4.1.2), or as its fragment (§4.2.2)."""
        if self.response_mode == "fragment":
            return f"{self.redirect_uri}#{urlencode(self.parameters)}"
        sign = "&" if "?" in self.redirect_uri else "?"
        return self.redirect_uri + sign + urlencode(self.parameters)

    @property
    def to_be_signed(self) -> bool:
        """Whether it leaves as a JWT (JARM §2.3)."""
        return self.response_mode.endswith(_SIGNED)


def signed(answer: AuthorizationResponse, *, audience: str, key: SigningKey, now: int) -> AuthorizationResponse:
    """Put a whole answer, or error, into one parameter that nobody on the way can change.

    Args:
        answer: With ``iss`` and, where one came, ``state`` among its parameters; outside of the JWT neither is repeated.
        audience: The client's identifier.
        key: The active key of the algorithm that the client registered.
        now: Seconds since the epoch.

    Source: JARM §2.1-§2.3, RFC 9207 §2.4.
    """
    claims = {**dict(answer.parameters), "aud": audience, "exp": now + LIFETIME_SECONDS}
    return AuthorizationResponse(answer.redirect_uri, answer.response_mode.removesuffix(_SIGNED),
                                 (("response", jwt.sign(claims, key, typ="JWT")),))
