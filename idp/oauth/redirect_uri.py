"""What addresses a client may register, so that comparing them later is comparing two strings.

Spec: RFC 6749 §3.1.2, RFC 8252 §7 and §8, OpenID Connect Registration §2, Front-Channel Logout 1.0 §2, RFC 9700 §2.1. Departs
from RFC 3986: what two parsers might read differently (backslashes, user information, control characters, dot segments) is
refused, not normalised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from ..errors import RefusedError

MAX_LENGTH: Final = 2000
LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_URI: Final = re.compile(r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()+,;=-]|%[0-9A-Fa-f]{2})+")
_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_AUTHORITY: Final = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
_PRIVATE_USE: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9][a-z0-9+-]*)+")
_RESPONSE_PARAMETERS: Final = frozenset({
    "code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token", "session_state", "response",
})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class InvalidRedirectUriError(RefusedError):
    """An address that may not be registered (RFC 7591 §3.2.2)."""

    code = "invalid_redirect_uri"


def check_redirect_uri(uri: object, *, native: bool, development: bool, member: str = "redirect_uris") -> str:
    """Accept an address to which answers are sent, and give it back unchanged.

    Args:
        uri: As registered. https anywhere; http on loopback for native applications, and for every client in development;
            a private-use scheme with a dot (``vn.gov.haugiang.app:/callback``, RFC 8252 §7.1) for native applications.
        native: application_type is native.
        development: The deployment is a developer's machine.
        member: Name of the member, for the sentence.

    Raises:
        InvalidRedirectUriError: with a sentence what is wrong.
    """
    text = _well_formed(uri, member)
    scheme, _, rest = text.partition(":")
    if scheme not in {"http", "https"}:
        if not native:
            raise InvalidRedirectUriError(f"{member}: a web application's address begins with https://.")
        if _PRIVATE_USE.fullmatch(scheme) is None:
            raise InvalidRedirectUriError(
                f"{member}: a private-use scheme is a reversed domain name with a dot, such as vn.gov.example.app.")
        if (not rest.startswith("/") or rest == "//" or rest.startswith(("///", "//?"))
                or "@" in rest.removeprefix("//").partition("/")[0]):
            raise InvalidRedirectUriError(f"{member}: a private-use address looks like vn.gov.example.app:/callback.")
        try:
            parts = urlsplit(text)
        except ValueError:
            raise InvalidRedirectUriError(f"{member}: a private-use address looks like vn.gov.example.app:/callback.") from None
    else:
        parts = _with_host(text, member)
        if scheme == "http" and not ((native or development) and parts.hostname in LOOPBACK_HOSTS):
            raise InvalidRedirectUriError(f"{member}: http is accepted on loopback only, for native applications"
                                          " and in development; use https.")
    if any(segment in {".", ".."} for segment in parts.path.lower().replace("%2e", ".").split("/")):
        raise InvalidRedirectUriError(f"{member}: the path holds a dot segment.")
    if _RESPONSE_PARAMETERS.intersection(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise InvalidRedirectUriError(f"{member}: the query holds a parameter that answers use, such as code or state.")
    return text


def check_web_uri(uri: object, *, development: bool, member: str) -> str:
    """Accept an https address (http on loopback in development) that is shown, fetched or posted to; give it back unchanged.

    Raises:
        InvalidRedirectUriError: with a sentence what is wrong.
    """
    text = _well_formed(uri, member)
    if not text.startswith(("http://", "https://")):
        raise InvalidRedirectUriError(f"{member}: the address begins with https://.")
    parts = _with_host(text, member)
    if parts.scheme == "http" and not (development and parts.hostname in LOOPBACK_HOSTS):
        raise InvalidRedirectUriError(f"{member}: http is accepted on loopback in development only; use https.")
    return text


def frontchannel_fault(uri: str, redirect_uris: Iterable[str]) -> str:
    """Say why an address may not be framed when an officer signs out; "" when it may (Front-Channel Logout 1.0 §2).

    Args:
        uri: An address that ``check_web_uri`` has accepted.
        redirect_uris: Of the same client.
    """
    origin = origin_of(uri)
    if origin not in {origin_of(redirect_uri) for redirect_uri in redirect_uris}:
        return "scheme, host and port are those of a redirect URI."
    if "[" in origin:
        return "a content security policy cannot name an IPv6 address; use a host name."
    if {"iss", "sid"}.intersection(name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)):
        return "the query holds iss or sid, which the provider adds."
    return ""


def origin_of(uri: str) -> str:
    """Give the origin of a registered http or https address as browsers write it: lower case, without the default port.

    "" for a private-use scheme: such an address has no origin that anybody could compare.
    """
    parts = urlsplit(uri)
    if parts.scheme not in _DEFAULT_PORTS:
        return ""
    host = parts.hostname or ""
    host = f"[{IPv6Address(host).compressed}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _well_formed(uri: object, member: str) -> str:
    if not isinstance(uri, str) or not uri:
        raise InvalidRedirectUriError(f"{member}: an address is a text that is not empty.")
    if len(uri) > MAX_LENGTH:
        raise InvalidRedirectUriError(f"{member}: an address has at most {MAX_LENGTH} characters.")
    if "#" in uri:
        raise InvalidRedirectUriError(f"{member}: an address has no fragment (no # sign).")
    if "*" in uri:
        raise InvalidRedirectUriError(f"{member}: wildcards are not offered; register each address.")
    if _URI.fullmatch(uri) is None:
        raise InvalidRedirectUriError(f"{member}: the address holds a sign that URIs do not have; write it percent-encoded.")
    return uri


def _with_host(text: str, member: str) -> SplitResult:
    rest = text.partition(":")[2]
    authority = re.split(r"[/?]", rest.removeprefix("//"), maxsplit=1)[0] if rest.startswith("//") else ""
    if "@" in authority:
        raise InvalidRedirectUriError(f"{member}: an address holds no user name or password.")
    if _AUTHORITY.fullmatch(authority) is None:
        raise InvalidRedirectUriError(f"{member}: an address has a host, and perhaps a port.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
        if port == 0 or not _is_host(host, bracketed=authority.startswith("[")):
            raise ValueError(host)
    except ValueError:
        raise InvalidRedirectUriError(f"{member}: the address has no valid host and port.") from None
    return parts


def _is_host(host: str, *, bracketed: bool) -> bool:
    try:
        if bracketed:
            IPv6Address(host)
            return True
        if host.replace(".", "").isdigit():
            return str(IPv4Address(host)) == host
    except AddressValueError:
        return False
    # A last label of digits or 0x... would be read as an IPv4 address by browsers (WHATWG URL, "ends in a number").
    last = host.rpartition(".")[2]
    return len(host) <= 253 and _HOST.fullmatch(host) is not None and re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is None
