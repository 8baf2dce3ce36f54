"""What is measured: each case's request, its figure to reach, and how one recognises a right answer."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from .driver import Call, Round, drive, rotate
from .system import System

Asked = tuple[str, str, list[dict[str, str]]]
"""Path, client, and the forms that are sent in turn."""

MUST: dict[str, int | None] = {
    "discovery": 33, "jwks": 33, "client_credentials": 290, "client_credentials_jwt": 500, "introspection": 240, "userinfo": 220,
    "refresh": 1000, "pushed_authorization": None, "device_authorization": None, "backchannel_authentication": None,
    "token_exchange": None, "registration": None,
}
"""CPU microseconds per operation to reach: PostgreSQL, 16 connections, log line and metrics on; None where no figure was set."""

_TELLS = {
    "discovery": "token_endpoint", "jwks": "keys", "client_credentials": "access_token", "client_credentials_jwt": "access_token",
    "introspection": "username", "userinfo": "unit_name", "pushed_authorization": "request_uri",
    "device_authorization": "user_code", "backchannel_authentication": "auth_req_id", "token_exchange": "issued_token_type",
    "registration": "registration_access_token",
}
"""A member that only a right answer has."""


def _form(system: System, client: str) -> tuple[tuple[str, str], ...]:
    known = base64.b64encode(f"{client}:{system.secret(client)}".encode()).decode()
    return ("Authorization", f"Basic {known}"), ("Content-Type", "application/x-www-form-urlencoded")


def _pushed(_system: System) -> Asked:
    return "/par", "load", [{
        "response_type": "code", "client_id": "load", "redirect_uri": "https://load.example/cb", "scope": "openid profile",
        "state": "s" * 22, "nonce": "n" * 22, "code_challenge": "c" * 43, "code_challenge_method": "S256"}]


def _device(_system: System) -> Asked:
    return "/device_authorization", "load-waits", [{"scope": "openid profile"}]


def _backchannel(system: System) -> Asked:
    """Everybody in turn, so that nobody is asked more often than an officer may be."""
    return "/bc-authorize", "load-waits", [{"scope": "openid profile", "login_hint": uid} for uid in system.asked_officers()]


def _exchange(system: System) -> Asked:
    kind = "urn:ietf:params:oauth:token-type:access_token"
    return "/token", "load-acts", [{
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": token, "subject_token_type": kind,
        "scope": "openid profile"} for token in system.access_tokens]


_FORMS: dict[str, Callable[[System], Asked]] = {
    "pushed_authorization": _pushed, "device_authorization": _device, "backchannel_authentication": _backchannel,
    "token_exchange": _exchange}


def call(system: System, name: str) -> Call:
    """Give the request of a case."""
    if name == "discovery":
        return Call("/.well-known/openid-configuration")
    if name == "jwks":
        return Call("/jwks")
    if name == "userinfo":
        return Call("/userinfo", headers=(("Authorization", f"Bearer {system.access_tokens[0]}"),))
    if name == "introspection":
        bodies = tuple(urlencode({"token": token}) for token in system.access_tokens)
        return Call("/introspect", "POST", _form(system, "load"), bodies)
    if name == "registration":
        members = {"client_name": "Load", "redirect_uris": ["https://load.example/cb"], "grant_types": ["authorization_code"]}
        return Call("/register", "POST", (("Authorization", f"Bearer {system.initial_access_token()}"),
                                          ("Content-Type", "application/json")), (json.dumps(members),))
    if name in _FORMS:
        path, client, bodies = _FORMS[name](system)
        return Call(path, "POST", _form(system, client), tuple(urlencode(body) for body in bodies))
    client = "load-jwt" if name == "client_credentials_jwt" else "load"
    return Call("/token", "POST", _form(system, client), ("grant_type=client_credentials",))


def check(system: System, name: str) -> None:
    """Ask once and look at the answer, so that refusals are never measured for answers."""
    if name == "refresh":
        return  # each answer is read
    asked = call(system, name)
    request = urllib.request.Request(system.base + asked.path, method=asked.method, headers=dict(asked.headers),
                                     data=asked.bodies[0].encode() if asked.bodies else None)
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.load(response)
    if not answer.get(_TELLS[name]):
        raise RuntimeError(f"{name}: not the answer that was meant: {answer}")


def attempt(system: System, name: str, folder: Path, *, seconds: float, connections: int) -> Round:
    """Drive one round of a case."""
    if name != "refresh":
        return drive(system.port, call(system, name), seconds=seconds, connections=connections, folder=folder)
    headers = "".join(f"{key}: {value}\r\n" for key, value in _form(system, "load"))
    return rotate(system.port, f"POST /token HTTP/1.1\r\nHost: localhost\r\n{headers}", system.refresh_tokens, seconds=seconds,
                  connections=connections)
