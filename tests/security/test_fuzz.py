"""Malformed input gives the specification's 4xx, never a 5xx (security checklist 43): 2,000 attacks on each door.

UserInfo stands 500, and on PostgreSQL each door stands fewer.

The whole application is called through WSGI, so that raw bytes, bad UTF-8, wrong methods and 64 kB bodies arrive as a server
would hand them over. Most attacks begin as a good request with live credentials, codes and tokens, and are broken in a few
places; what came back is counted, and the count is held, so that the fuzz cannot stop at the front door unnoticed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fakes.directory import PASSWORD
from tests.provider import CHALLENGE, VERIFIER

from .fuzzing import Attack, Envelope, Fields, Seen, assert_helpful, assert_reached, attacks
from .inside import CLIENTS, NEW_PASSWORD, Inside

PLAIN = Envelope(None, None, None, None, None, b"")

Case = tuple[str, tuple[tuple[str, str], ...]]
"""A client, and fields whose values in angle brackets are filled with live ones."""


def case(client_id: str, **fields: str) -> Case:
    return client_id, tuple(fields.items())


def code(client_id: str, value: str = "<code>", **more: str) -> Case:
    return case(client_id, **{"grant_type": "authorization_code", "code": value, "code_verifier": VERIFIER,
                              "redirect_uri": CLIENTS[client_id]["redirect_uris"][0]} | more)


def refresh(client_id: str, value: str = "<refresh_token>", **more: str) -> Case:
    return case(client_id, **{"grant_type": "refresh_token", "refresh_token": value} | more)


def pushed(client_id: str, **more: str) -> Case:
    redirect_uri = CLIENTS[client_id].get("redirect_uris", ["http://localhost/"])[0]
    return client_id, tuple(({
        "client_id": client_id, "redirect_uri": redirect_uri, "response_type": "code", "state": "st",
        "scope": "openid profile offline_access", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | more).items())


DOORS: dict[str, tuple[list[Case], dict[str, float]]] = {
    "/token": ([
        code("qlvb"), code("thongke"), code("dienthoai"), code("khaosat"), code("qlvb", "<spent code>"),
        code("qlvb", code_verifier="w" * 43), code("qlvb", redirect_uri="http://localhost:8002/cb"),
        refresh("qlvb"), refresh("thongke"), refresh("dienthoai"), refresh("qlvb", "<spent refresh>"),
        refresh("dienthoai", "<spent refresh>"), refresh("qlvb", scope="openid"), refresh("qlvb", scope="openid email"),
        refresh("thongke", scope="openid email"), refresh("thongke", scope="admin"),
        case("dichvu", grant_type="client_credentials", scope="service"), case("dichvu", grant_type="client_credentials"),
        case("qlvb", grant_type="client_credentials", scope="openid"), case("qlvb", grant_type="password"),
    ], {"200": 5, "400 invalid_grant": 4, "400 invalid_scope": 1, "400 invalid_request": 15, "400 unsupported_grant_type": 2,
        "401 invalid_client": 3, "405 invalid_request": 1}),
    "/introspect": ([
        case("qlvb", token="<access_token>"), case("thongke", token="<access_token>"), case("dichvu", token="<access_token>"),
        case("qlvb", token="<refresh_token>", token_type_hint="refresh_token"), case("qlvb", token="<refresh_token>"),
        case("thongke", token="<refresh_token>"), case("thongke", token="<id_token>"), case("qlvb", token="<code>"),
        case("qlvb", token="<spent refresh>"), case("dienthoai", token="<access_token>"),
    ], {"200 active": 5, "200 inactive": 5, "400 invalid_request": 10, "401 invalid_client": 6, "405 invalid_request": 1}),
    "/revoke": ([
        case("qlvb", token="<access_token>"), case("thongke", token="<access_token>"), case("dichvu", token="<access_token>"),
        case("qlvb", token="<refresh_token>", token_type_hint="refresh_token"), case("dienthoai", token="<refresh_token>"),
        case("thongke", token="<id_token>"), case("qlvb", token="<code>"), case("dienthoai", token="<access_token>"),
    ], {"200": 10, "400 invalid_request": 10, "401 invalid_client": 6, "405 invalid_request": 1}),
    "/par": ([
        pushed("qlvb"), pushed("thongke"), pushed("khaosat"), pushed("dienthoai"), pushed("dichvu"),
        pushed("qlvb", prompt="login", max_age="0", ui_locales="en vi", acr_values="urn:haugiang:acr:2", display="popup"),
        pushed("qlvb", claims='{"userinfo":{"email":null},"id_token":{"auth_time":{"essential":true}}}'),
        pushed("thongke", id_token_hint="<id_token>"), pushed("qlvb", scope="openid admin"),
        pushed("qlvb", request_uri="<request_uri>"), pushed("qlvb", response_mode="form_post.jwt", dpop_jkt="a" * 43),
    ], {"201": 5, "400 invalid_request": 15, "400 invalid_scope": 2, "401 invalid_client": 5, "405 invalid_request": 1}),
    "/userinfo": ([
        case("qlvb", access_token="<access_token>"), case("thongke", access_token="<access_token>"),
        case("dienthoai", access_token="<access_token>"), case("dichvu", access_token="<access_token>"),
        case("qlvb", access_token="<refresh_token>"),
    ], {"200": 4, "400 invalid_request": 4, "401 invalid_token": 4, "403 insufficient_scope": 1}),
}


def run(inside: Inside, cases: Any, act: Callable[[Attack], str], *, of: int = 1) -> Counter[str]:
    """Send attacks, or one of so many (UserInfo: of four), and count what came back."""
    kinds: Counter[str] = Counter()
    examples = inside.examples // (of if cases is not DOORS["/userinfo"][0] else 4)

    @settings(max_examples=examples, deadline=None, database=None, print_blob=True,
              phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    @given(attack=attacks(cases, poisoned=inside.poisoned))
    def attempt(attack: Attack) -> None:
        kinds[act(attack)] += 1

    attempt()
    assert kinds.total() >= examples
    return kinds


def as_bytes(fields: dict[str, str]) -> Fields:
    return [(name.encode(), value.encode()) for name, value in fields.items()]


@pytest.mark.parametrize("path", DOORS)
def test_line_43_programs_doors_never_break(inside: Inside, path: str) -> None:
    cases, least = DOORS[path]

    def act(attack: Attack) -> str:
        client_id, fields = attack.case
        odd = attack.envelope or PLAIN
        in_body, authorization = inside.credentials(client_id, attack.credentials) if path != "/userinfo" else ({}, None)
        filled = {name: inside.filled(client_id, value) for name, value in fields}
        # UserInfo knows no client: the token is sent in the form, in the header, or in both.
        if path == "/userinfo" and attack.credentials in {"wrong", "twice"}:
            authorization = f"Bearer {filled['access_token']}"
            filled = filled if attack.credentials == "twice" else {}
        method = odd.method or "POST"
        seen = inside.send(
            method, path, query=odd.query,
            body=attack.encoded(as_bytes(filled | in_body)) if attack.body is None else attack.body,
            content_type=odd.content_type or "application/x-www-form-urlencoded",
            authorization=odd.authorization or authorization, cookie=odd.cookie, user_agent=odd.user_agent)
        assert_helpful(seen, machine=True)
        if method != "POST" and path != "/userinfo":
            assert seen.status >= 400
        return kind_of(seen)

    assert_reached(run(inside, cases, act), **least)


def kind_of(seen: Seen) -> str:
    answer = json.loads(seen.content) if seen.content else {}
    if "active" in answer:
        return "200 active" if answer["active"] else "200 inactive"
    return f"{seen.status} {answer.get('error', '')}".strip()


AUTHORIZE: list[Any] = [
    *[(client_id, {}) for client_id in ("qlvb", "thongke", "khaosat", "dienthoai")],
    ("qlvb", {"prompt": "none"}), ("khaosat", {"prompt": "none"}), ("qlvb", {"prompt": "login"}), ("qlvb", {"max_age": "0"}),
    ("qlvb", {"prompt": "consent"}), ("qlvb", {"prompt": "select_account"}), ("thongke", {"id_token_hint": "<id_token>"}),
    ("qlvb", {"id_token_hint": "<id_token>", "prompt": "none"}), ("qlvb", {"response_mode": "form_post"}),
    ("qlvb", {"claims": '{"userinfo":{"email":null},"id_token":{"auth_time":{"essential":true}}}'}),
    ("qlvb", {"acr_values": "urn:haugiang:acr:2", "ui_locales": "en vi", "display": "popup", "login_hint": "canbo"}),
    ("qlvb", {"request_uri": "<request_uri>"}), ("thongke", {"request_uri": "<request_uri>", "prompt": "none"}),
    ("qlvb", {"scope": "openid admin"}), ("qlvb", {"code_challenge": CHALLENGE, "code_challenge_method": "plain"}),
    ("stored", {}), ("stored consent", {})]


def test_line_43_authorize_never_breaks(inside: Inside) -> None:
    def act(attack: Attack) -> str:
        client_id, more = attack.case
        odd = attack.envelope or PLAIN
        path, fields = "/authorize", {}
        if client_id.startswith("stored"):
            path += "/" + inside.page("consent" if "consent" in client_id else "password").id
        else:
            more = {name: inside.filled(client_id, value) for name, value in more.items()}
            fields = inside.parameters(client_id, **more)
        form = attack.encoded(as_bytes(fields))
        posted = attack.credentials in {"wrong", "twice"} and not client_id.startswith("stored")
        cookie = odd.cookie or (inside.browser_cookie if attack.credentials == "none" else inside.session_cookie)
        seen = inside.send(odd.method or ("POST" if posted else "GET"), path, query=odd.query if posted else form, cookie=cookie,
                           content_type=odd.content_type or "application/x-www-form-urlencoded",
                           body=attack.body or (form if posted else b""), user_agent=odd.user_agent)
        assert_helpful(seen, machine=False)
        return kind_of_page(seen)

    assert_reached(run(inside, AUTHORIZE, act), **{
        "code": 6, "sign in": 1, "consent": 2, "400": 8, "error invalid_scope": 1, "error invalid_request": 5, "stored": 0.5,
        "form_post": 0.5, "405": 0.5})


def kind_of_page(seen: Seen) -> str:
    location, content = seen.location, seen.content
    if location.startswith("http"):
        query = dict(part.partition("=")[::2] for part in location.partition("?")[2].split("&"))
        return "code" if "code" in query else f"error {query.get('error')}"
    for path, kind in (("/login/", "sign in"), ("/consent/", "consent"), ("/authorize/", "stored"), ("/", "onward")):
        if location.startswith(path):
            return kind
    for word, kind in ((b'name="new_password"', "new password page"), (b'name="otp"', "second factor page"),
                       (b'name="password"', "password page"), (b'value="accept"', "consent page"),
                       (b'name="iss"', "form_post")):
        if word in content and seen.status != 405:
            return kind
    return str(seen.status)


LOGIN: list[Any] = [
    ("password", {"username": "canbo", "password": PASSWORD}), ("password", {"username": "lanhdao", "password": PASSWORD}),
    ("password", {"username": "doimatkhau", "password": PASSWORD}), ("password", {"username": "canbo", "password": "wrong"}),
    ("password", {"username": "canbo@haugiang.gov.vn", "password": PASSWORD}), ("password", {}),
    ("otp", {"otp": "<otp>"}), ("otp", {"otp": "000000"}), ("otp", {}),
    ("new_password", {"password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_again": NEW_PASSWORD}),
    ("new_password", {"password": PASSWORD, "new_password": "ngan", "new_password_again": "ngan"}),
    ("new_password", {"password": "wrong", "new_password": NEW_PASSWORD, "new_password_again": NEW_PASSWORD}),
    ("consent", {"answer": "accept"}), ("consent", {"answer": "deny"}), ("nowhere", {"username": "canbo", "password": PASSWORD})]


def test_line_43_login_never_breaks(inside: Inside) -> None:
    def act(attack: Attack) -> str:
        kind, fields = attack.case
        odd = attack.envelope or PLAIN
        # Wrong guesses are forgotten and one-time codes are new, so that limits do not stop what comes next.
        inside.later(300)
        query, path, cookie = odd.query, "/login/" + "x" * 43, inside.browser_cookie
        if kind == "nowhere" and attack.mutations:
            path = "/login/" + attack.mutations[0].value.decode("latin-1")
        elif kind != "nowhere":
            interaction = inside.page(kind)
            path = f"/{'consent' if kind == 'consent' else 'login'}/{interaction.id}"
        if kind == "consent":
            query, cookie = query or f"ask=consent&to={inside.mark(interaction)}".encode(), inside.session_cookie
        filled = {name: inside.otp() if value == "<otp>" else value for name, value in fields.items()}
        # The form's token stands behind what is broken: without it nothing else would be read.
        token = b"" if attack.credentials in {"none", "twice"} else f"&csrf_token={inside.csrf}".encode()
        body = (attack.encoded(as_bytes(filled)) if attack.body is None else attack.body) + token
        seen = inside.send(odd.method or ("GET" if attack.credentials == "twice" else "POST"), path, query=query, body=body,
                           content_type=odd.content_type or "application/x-www-form-urlencoded", cookie=odd.cookie or cookie,
                           user_agent=odd.user_agent)
        assert_helpful(seen, machine=False)
        return kind_of_page(seen)

    assert_reached(run(inside, LOGIN, act), **{
        "code": 4, "sign in": 1, "consent": 1, "password page": 12, "second factor page": 4, "new password page": 4, "410": 1,
        "405": 0.5, "error access_denied": 0.2})
