"""Single sign-on as one story, through both doors of the whole application and on both databases."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import OutboxRow
from tests.fakes.clock import FakeClock
from tests.fakes.directory import PASSWORD, make_officer
from tests.pages.catalogue import compile_missing
from tests.whole import CLIENT, make_app, secret_of

BASE = "http://localhost:8000"
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
FIRST = {**CLIENT, "backchannel_logout_uri": "http://localhost:8001/oidc/backchannel-logout"}
SECOND = {**FIRST, "client_id": "cong", "client_name": "Cổng thông tin", "client_uri": "http://localhost:8002/",
          "redirect_uris": ["http://localhost:8002/cb"], "backchannel_logout_uri": "http://localhost:8002/bcl",
          "post_logout_redirect_uris": ["http://localhost:8002/out"]}
CLIENTS = {client["client_id"]: client for client in (FIRST, SECOND)}


class House:
    def __init__(self, app: Flask, folder: Path, database: Database, clock: FakeClock) -> None:
        self.app, self.folder, self.database, self.clock = app, folder, database, clock

    def program(self, client_id: str, path: str, **form: str) -> Any:
        """Call a programs' endpoint as a client."""
        basic = base64.b64encode(f"{client_id}:{secret_of(self.folder, client_id)}".encode()).decode()
        return self.app.test_client().post(path, data=form, base_url=BASE, headers={"Authorization": f"Basic {basic}"})

    def redeem(self, client_id: str, location: str) -> dict[str, Any]:
        code = parse_qs(urlsplit(location).query)["code"][0]
        answer = self.program(client_id, "/token", grant_type="authorization_code", code=code, code_verifier=VERIFIER,
                              redirect_uri=CLIENTS[client_id]["redirect_uris"][0])
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    compile_missing()
    clock = FakeClock()
    app = make_app(tmp_path, database_url, clients=CLIENTS.values(), clock=clock,
                   officers=[make_officer(f"canbo{n}" if n else "canbo") for n in range(40)])
    database = Database(database_url)
    yield House(app, tmp_path, database, clock)
    database.dispose()


def open_application(browser: FlaskClient, client_id: str, **more: str) -> Any:
    parameters = {"client_id": client_id, "redirect_uri": CLIENTS[client_id]["redirect_uris"][0], "response_type": "code",
                  "scope": "openid profile email", "state": "s", "nonce": "n", "code_challenge": CHALLENGE,
                  "code_challenge_method": "S256", **more}
    answer = browser.get("/authorize?" + urlencode(parameters), base_url=BASE)
    return browser.get(answer.location, base_url=BASE) if (answer.location or "").startswith("/") else answer


def sign_in(browser: FlaskClient, page: Any, uid: str = "canbo") -> Any:
    action = unescape(re.search(r'<form method="post" action="([^"]*)"', page.text)[1])
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)[1]
    return browser.post(action, data={"csrf_token": token, "username": uid, "password": PASSWORD}, base_url=BASE)


def test_one_password_opens_two_applications_and_one_logout_closes_both(house: House) -> None:
    browser = house.app.test_client()
    first = house.redeem("qlvb", sign_in(browser, open_application(browser, "qlvb")).location)
    second = house.redeem("cong", open_application(browser, "cong").location)
    about = house.app.test_client().get("/userinfo", base_url=BASE, headers={"Authorization": f"Bearer {second['access_token']}"})
    assert about.get_json()["name"] == "Nguyễn Văn Mẫu"
    assert house.program("qlvb", "/introspect", token=first["access_token"]).get_json()["active"] is True

    out = browser.get("/logout?" + urlencode({"id_token_hint": second["id_token"], "state": "x",
                                              "post_logout_redirect_uri": "http://localhost:8002/out"}), base_url=BASE)
    assert out.location == "http://localhost:8002/out?state=x"
    waiting = house.database.read(select(OutboxRow.receiver).where(OutboxRow.kind == "backchannel_logout")).all()
    assert sorted(row.receiver for row in waiting) == ["cong", "qlvb"]
    for client_id, tokens in (("qlvb", first), ("cong", second)):
        assert house.program(client_id, "/introspect", token=tokens["access_token"]).get_json() == {"active": False}
        refused = house.program(client_id, "/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert refused.get_json()["error"] == "invalid_grant"
    assert "login_required" in open_application(browser, "qlvb", prompt="none").location


def test_forty_officers_sign_in_at_once_and_every_one_is_in(house: House) -> None:
    results: list[str] = []
    barrier = threading.Barrier(8)

    def officers(first: int) -> None:
        barrier.wait()
        for number in range(first, 40, 8):
            browser = house.app.test_client()
            answer = sign_in(browser, open_application(browser, "qlvb"), f"canbo{number}" if number else "canbo")
            results.append(house.redeem("qlvb", answer.location)["id_token"])

    threads = [threading.Thread(target=officers, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 40


def test_one_browser_with_many_tabs_signs_in_in_all_of_them(house: House) -> None:
    browser = house.app.test_client()
    pages = [open_application(browser, client_id, state=f"tab-{n}") for n, client_id in enumerate(["qlvb", "cong"] * 3)]
    sids = set()
    for number, page in enumerate(pages):
        location = sign_in(browser, page).location
        assert parse_qs(urlsplit(location).query)["state"] == [f"tab-{number}"]
        token = house.redeem(["qlvb", "cong"][number % 2], location)["id_token"].split(".")[1]
        sids.add(re.search(rb'"sid":"([^"]*)"', base64.urlsafe_b64decode(token + "=="))[1])
    assert len(sids) == 1
