"""Malformed input of devices, and on the pages for their codes, gives 4xx, never a 5xx (security checklist 43).

1,000 attacks on each door and 500 on the pages; on PostgreSQL fewer.
"""

from __future__ import annotations

from typing import Any

from tests.provider import DEVICE_CODE

from .fuzzing import Attack, Seen, assert_helpful, assert_reached
from .inside import Inside
from .test_fuzz import PLAIN, Case, as_bytes, case, kind_of, run


def polling(client_id: str, value: str, **more: str) -> Case:
    return case(client_id, grant_type=DEVICE_CODE, device_code=value, **more)


ASKING: list[Case] = [
    case("qlvb", scope="openid profile"), case("thongke", scope="openid offline_access"), case("dienthoai", scope="openid"),
    case("qlvb", scope="openid admin"), case("qlvb"), case("dichvu", scope="service"), case("thongke", scope="openid")]
POLLING: list[Case] = [
    polling("qlvb", "<device_code>"), polling("qlvb", "<approved device_code>"), polling("thongke", "<approved device_code>"),
    polling("dienthoai", "<approved device_code>"), polling("dienthoai", "<device_code>"), polling("qlvb", "x" * 43),
    polling("dichvu", "<device_code>"), polling("qlvb", "<code>")]
PAGES: list[Any] = [
    ("code", {"user_code": "<user_code>"}), ("code", {"user_code": "BBBB-BBBB"}), ("code", {"user_code": ""}),
    ("confirm", {"answer": "accept"}), ("confirm", {"answer": "deny"}), ("confirm", {}), ("nowhere", {"answer": "accept"})]


def attack_of(inside: Inside, path: str, attack: Attack) -> str:
    client_id, fields = attack.case
    odd = attack.envelope or PLAIN
    in_body, authorization = inside.credentials(client_id, attack.credentials)
    filled = {name: inside.filled(client_id, value) for name, value in fields}
    method = odd.method or "POST"
    seen = inside.send(method, path, query=odd.query,
                       body=attack.encoded(as_bytes(filled | in_body)) if attack.body is None else attack.body,
                       content_type=odd.content_type or "application/x-www-form-urlencoded",
                       authorization=odd.authorization or authorization, cookie=odd.cookie, user_agent=odd.user_agent)
    assert_helpful(seen, machine=True)
    assert method == "POST" or seen.status >= 400
    return kind_of(seen)


def test_line_43_the_door_for_devices_never_breaks(inside: Inside) -> None:
    kinds = run(inside, ASKING, lambda attack: attack_of(inside, "/device_authorization", attack), of=2)
    assert_reached(kinds, **{"200": 8, "400 invalid_scope": 5, "400 invalid_request": 8, "401 invalid_client": 3,
                             "400 unauthorized_client": 1, "405 invalid_request": 0.5})


def test_line_43_polls_never_break_the_token_endpoint(inside: Inside) -> None:
    kinds = run(inside, POLLING, lambda attack: attack_of(inside, "/token", attack), of=2)
    assert_reached(kinds, **{"200": 4, "400 authorization_pending": 2, "400 invalid_grant": 4, "400 invalid_request": 8,
                             "401 invalid_client": 3, "400 unauthorized_client": 1})


def kind_of_page(seen: Seen) -> str:
    for path, kind in (("/authorize/", "found"), ("/device/", "answered"), ("/login/", "sign in")):
        if seen.location.startswith(path):
            return kind
    for word, kind in ((b'name="user_code"', "code page"), (b'value="accept"', "confirmation")):
        if word in seen.content and seen.status != 405:
            return kind
    return str(seen.status)


def test_line_43_the_pages_for_devices_never_break(inside: Inside) -> None:
    def act(attack: Attack) -> str:
        kind, fields = attack.case
        odd = attack.envelope or PLAIN
        inside.later(300)  # wrong codes are forgotten, so that the limit does not stop what comes next
        query, path = odd.query, "/device"
        if kind == "nowhere":
            path += "/" + (attack.mutations[0].value.decode("latin-1") if attack.mutations else "x" * 43)
        elif kind == "confirm":
            interaction = inside.device_page()
            path, query = f"/device/{interaction.id}", query or f"to={inside.mark(interaction)}".encode()
        filled = {name: inside.filled("qlvb", value) for name, value in fields.items()}
        token = b"" if attack.credentials in {"none", "twice"} else f"&csrf_token={inside.csrf}".encode()
        form = attack.encoded(as_bytes(filled))
        by_get = attack.credentials == "twice"
        seen = inside.send(odd.method or ("GET" if by_get else "POST"), path, query=form if by_get and kind == "code" else query,
                           body=(form if attack.body is None else attack.body) + token,
                           content_type=odd.content_type or "application/x-www-form-urlencoded",
                           cookie=odd.cookie or inside.session_cookie, user_agent=odd.user_agent)
        assert_helpful(seen, machine=False)
        return kind_of_page(seen)

    assert_reached(run(inside, PAGES, act, of=4), **{
        "found": 2, "code page": 10, "answered": 5, "confirmation": 1, "410": 1, "400": 5, "405": 0.5})
