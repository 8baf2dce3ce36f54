"""Malformed input of applications that ask for an officer gives 4xx, never a 5xx (security checklist 43).

1,000 attacks on each door and 500 on the page; on PostgreSQL fewer.
"""

from __future__ import annotations

from typing import Any

from .fuzzing import Attack, assert_helpful, assert_reached
from .inside import CIBA, Inside
from .test_fuzz import PLAIN, Case, as_bytes, case, run
from .test_fuzz_devices import attack_of

TOKEN = "8d67dc78-7faa-4d41-aabd-67707b374255"


def asking(**more: str) -> Case:
    return case("duyet", **{"scope": "openid", "login_hint": "canbo", "client_notification_token": TOKEN, **more})


def polling(client_id: str, value: str) -> Case:
    return case(client_id, grant_type=CIBA, auth_req_id=value)


ASKING: list[Case] = [
    asking(), asking(binding_message="Duyệt 12", requested_expiry="60"), asking(scope="openid offline_access"),
    asking(scope="profile"),
    asking(login_hint="ailaday"), case("duyet", scope="openid", id_token_hint="<id_token>", client_notification_token=TOKEN),
    asking(id_token_hint="a.b.c"), asking(request="a.b.c"), case("qlvb", scope="openid", login_hint="canbo"),
    case("dienthoai", scope="openid", login_hint="canbo")]
POLLING: list[Case] = [
    polling("duyet", "<auth_req_id>"), *[polling("duyet", "<approved auth_req_id>")] * 2, polling("duyet", "x" * 43),
    polling("qlvb", "<device_code>"), polling("dienthoai", "<device_code>")]


def test_line_43_the_door_for_those_who_ask_never_breaks(inside: Inside) -> None:
    def act(attack: Attack) -> str:
        inside.later(400)  # what was asked before is over, and names that nobody has are forgotten
        return attack_of(inside, "/bc-authorize", attack)

    assert_reached(run(inside, ASKING, act, of=2), **{
        "200": 5, "400 invalid_scope": 2, "400 invalid_request": 8, "400 unknown_user_id": 2, "401 invalid_client": 3,
        "400 unauthorized_client": 1, "405 invalid_request": 0.5})


def test_line_43_polls_for_an_officer_never_break_the_token_endpoint(inside: Inside) -> None:
    kinds = run(inside, POLLING, lambda attack: attack_of(inside, "/token", attack), of=2)
    assert_reached(kinds, **{"200": 2, "400 authorization_pending": 2, "400 invalid_grant": 4, "400 invalid_request": 4,
                             "401 invalid_client": 3, "400 unauthorized_client": 1})


PAGES: list[Any] = [{"approval": "<approval>"}, {"approval": "00" * 32}, {"approval": ""}, {}]


def test_line_43_the_list_of_what_is_asked_never_breaks(inside: Inside) -> None:
    def act(attack: Attack) -> str:
        odd = attack.envelope or PLAIN
        filled = {name: inside.filled("duyet", value) for name, value in attack.case.items()}
        token = b"" if attack.credentials in {"none", "twice"} else f"&csrf_token={inside.csrf}".encode()
        form = attack.encoded(as_bytes(filled))
        seen = inside.send(odd.method or ("GET" if attack.credentials == "twice" else "POST"), "/approvals", query=odd.query,
                           body=(form if attack.body is None else attack.body) + token,
                           content_type=odd.content_type or "application/x-www-form-urlencoded",
                           cookie=odd.cookie or inside.session_cookie, user_agent=odd.user_agent)
        assert_helpful(seen, machine=False)
        return "taken up" if seen.location.startswith("/authorize/") else str(seen.status)

    assert_reached(run(inside, PAGES, act, of=4), **{"taken up": 2, "303": 5, "200": 5, "400": 5, "405": 0.5})
