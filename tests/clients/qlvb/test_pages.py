"""The pages of the document system: who may do what, and what they say."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from qlvb import documents as store
from qlvb import upload, views
from qlvb.documents import Documents, NotNowError
from qlvb.upload import Paper
from sample_application.application import Configuration, create_application
from werkzeug.test import TestResponse

from tests.fakes.provider import FakeProvider
from tests.fakes.remote_signing import RemoteSigning, refusal

from .conftest import AGENCY, CLIENTS, LEADER

POST = {"unit_code": "H30.11", "unit_name": AGENCY, "title": "Giám đốc"}


class House:
    """The application, a provider at which everybody is signed in, and the phones."""

    def __init__(self, provider: FakeProvider, service: RemoteSigning, document: bytes) -> None:
        self.provider, self.service, self.document = provider, service, document
        service.cards.clear()
        service.revoked.clear()
        service.offers_services = service.tells_status = service.stamps = True
        self.app: Flask = create_application(
            Configuration(provider.issuer, "qlvb", "secret", "http://localhost:8001"), name="Hệ thống Quản lý văn bản",
            owner="Văn phòng UBND tỉnh", page="documents.html", pages=CLIENTS / "qlvb" / "templates", keeps_token=True)
        self.documents = views.add(self.app, service.url)

    def officer(self, sub: str, name: str, *groups: str, unit: str = "H30.11") -> Officer:
        self.provider.claims["sub"] = sub
        self.provider.details = {"sub": sub, "name": name, "post": POST | {"unit_code": unit}, "groups": list(groups)}
        browser = self.app.test_client()
        browser.get(self.provider.answer(browser.get("/oidc/login").location))
        return Officer(browser, self.document)


class Officer:
    """One officer's browser."""

    def __init__(self, browser: FlaskClient, document: bytes) -> None:
        self.browser, self._document = browser, document

    def token(self) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.browser.get("/").text)
        assert found is not None
        return found[1]

    def upload(self, content: bytes | None = None, **changes: str) -> TestResponse:
        form: dict[str, Any] = {"form_token": self.token(), "kind": "issued", "copy_form": "SAO Y", "number": "57/STTTT-CNTT",
                                "title": "V/v rà soát", **changes}
        form["file"] = (BytesIO(self._document if content is None else content), "van-ban.pdf")
        return self.browser.post("/documents", data=form, content_type="multipart/form-data")

    def sign(self, path: str, role: str) -> TestResponse:
        return self.browser.post(f"{path}/sign", data={"form_token": self.token(), "role": role})

    def settled(self, path: str) -> str:
        return waited(lambda: self.browser.get(path).text, lambda text: "Trang này tự cập nhật" not in text)


def waited(ask: Callable[[], str], until: Callable[[str], bool]) -> str:
    """Wait for what the background does."""
    ends = time.monotonic() + 60
    while not until(seen := ask()):
        assert time.monotonic() < ends, seen
        time.sleep(0.02)
    return seen


@pytest.fixture
def house(service: RemoteSigning, document: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(upload, "apart", upload.read)  # a process for each is for test_upload
    provider = FakeProvider().start()
    provider.access_token, provider.expires_in = "leader", 600
    yield House(provider, service, document)
    provider.stop()


@pytest.fixture
def leader(house: House) -> Officer:
    return house.officer("s-1", LEADER, "lanhdao")


def test_leader_and_clerk_sign_one_after_the_other(house: House, leader: Officer) -> None:
    confirm = threading.Event()

    def answer(body: dict[str, Any]) -> None:
        assert confirm.wait(60)

    house.service.card("leader", LEADER, "ec").answer = answer
    house.service.card("clerk", AGENCY, "ec")
    path = leader.upload().location
    assert leader.sign(path, "person").location == path
    page = waited(lambda: leader.browser.get(path).text, lambda text: 'data-document="code"' in text)
    assert re.search(r'data-document="code">\d{4}<', page)
    assert leader.browser.get(path).headers["Refresh"] == "3", "it shows itself anew while it waits"
    assert leader.sign(path, "person").status_code == 409, "twice at the same time"
    confirm.set()
    page = leader.settled(path)
    assert "Refresh" not in leader.browser.get(path).headers
    assert "Chờ văn thư đóng dấu" in page
    assert "Chữ ký hợp lệ, nội dung nguyên vẹn." in page
    assert leader.sign(path, "person").status_code == 409, "once"

    house.provider.access_token = "clerk"
    clerk = house.officer("s-2", "Trần Thị Ví Dụ", "vanthu")
    assert "57/STTTT-CNTT" in clerk.browser.get("/").text
    assert clerk.sign(path, "seal").status_code == 303
    page = clerk.settled(path)
    assert page.count('data-holds="yes"') == 2
    assert "Đã ký xong" in page
    file = clerk.browser.get(f"{path}/file.pdf")
    assert file.content_type == "application/pdf"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.data.startswith(house.document)
    assert len(file.data) > len(house.document)


def test_the_agency_does_not_seal_before_the_leader_has_signed(house: House) -> None:
    clerk = house.officer("s-2", "Trần Thị Ví Dụ", "vanthu")
    path = clerk.upload().location
    answer = clerk.sign(path, "seal")
    assert answer.status_code == 409
    assert "chờ lãnh đạo ký" in answer.text


def test_nobody_signs_in_a_role_of_others(house: House, leader: Officer) -> None:
    path = leader.upload().location
    assert leader.sign(path, "seal").status_code == 403
    assert leader.sign(path, "nonsense").status_code == 403
    officer = house.officer("s-3", "Nguyễn Văn Mẫu")
    assert "Bạn không ký ở bước này" in officer.browser.get(path).text
    assert officer.sign(path, "person").status_code == 403
    assert house.documents.find("H30.11", path.rpartition("/")[2]).done == ()  # type: ignore[union-attr]


def test_other_agencies_see_nothing(house: House, leader: Officer) -> None:
    path = leader.upload().location
    stranger = house.officer("s-4", LEADER, "lanhdao", unit="H30.1")
    assert "57/STTTT-CNTT</a>" not in stranger.browser.get("/").text
    for answer in (stranger.browser.get(path), stranger.browser.get(f"{path}/file.pdf"), stranger.sign(path, "person"),
                   stranger.browser.get("/documents/nothing")):
        assert answer.status_code == 404
        assert "Không có văn bản này" in answer.text
    nowhere = house.officer("s-5", LEADER, "lanhdao", unit="")
    assert nowhere.upload().status_code == 403


def test_a_refusal_on_the_phone_is_said_and_the_document_waits_again(house: House, leader: Officer) -> None:
    card = house.service.card("leader", LEADER, "ec")
    card.answer = lambda body: refusal("access_denied", "cancelled")
    path = leader.upload().location
    leader.sign(path, "person")
    page = leader.settled(path)
    assert "đã từ chối trên điện thoại" in page
    assert "Chờ lãnh đạo ký" in page
    card.answer = lambda body: None
    leader.sign(path, "person")
    assert 'data-holds="yes"' in leader.settled(path)


def test_services_that_are_down_are_said(house: House, leader: Officer) -> None:
    house.service.offers_services = False
    path = leader.upload().location
    leader.sign(path, "person")
    assert "chưa trả lời" in leader.settled(path)


@pytest.mark.parametrize(("changes", "status", "words"), [
    ({"form_token": "x"}, 400, "Biểu mẫu đã cũ"), ({"number": " "}, 422, "số, ký hiệu"), ({"title": ""}, 422, "trích yếu"),
    ({"number": "x" * 61}, 422, "số, ký hiệu"), ({"title": "a\u200eb"}, 422, "không hiện được"),
    ({"number": "57/中 文"}, 422, "không in được lên văn bản: 中 文"), ({"kind": "x"}, 422, "loại văn bản"),
    ({"kind": "copy", "copy_form": "x"}, 422, "hình thức sao")])
def test_a_form_that_is_not_whole_is_said(leader: Officer, changes: dict[str, str], status: int, words: str) -> None:
    answer = leader.upload(**changes)
    assert answer.status_code == status
    assert words in answer.text


def test_what_people_type_stands_as_they_typed_it(leader: Officer) -> None:
    typed = {"number": '57/"QĐ-UBND" & <b>', "title": "V/v mua máy 5 € “đợt 2”, № 7 – {agency}"}
    page = leader.browser.get(leader.upload(**typed).location)
    for text in typed.values():
        assert str(escape(text)) in page.text
        assert "<b>" not in page.text


def test_a_file_that_cannot_be_signed_is_said_and_what_was_typed_stays(leader: Officer) -> None:
    answer = leader.upload(b"PK\x03\x04", number="58/TB")
    assert answer.status_code == 415
    assert "không phải là PDF" in answer.text
    assert 'value="58/TB"' in answer.text
    assert leader.upload(b"").status_code == 422
    answer = leader.upload(b"%PDF-1.7" + bytes(upload.LARGEST + 200_000))
    assert answer.status_code == 413
    assert "10 MB" in answer.text


def test_only_who_is_signed_in_gets_anywhere(house: House) -> None:
    browser = house.app.test_client()
    for method, path in (("get", "/documents/x"), ("post", "/documents/x/sign"), ("post", "/documents"), ("get", "/sample.pdf"),
                         ("get", "/documents/x/file.pdf")):
        answer = getattr(browser, method)(path)
        assert (answer.status_code, answer.location) == (303, "/oidc/login")


def test_a_token_that_ends_soon_is_renewed_before_a_phone_is_asked(house: House, leader: Officer) -> None:
    path = leader.upload().location
    house.provider.expires_in = 100
    late = house.officer("s-1", LEADER, "lanhdao")
    assert late.browser.get(path).status_code == 200, "it is as new as can be: nobody goes in circles"
    with late.browser.session_transaction() as session:
        session["access_since"] -= 100
    house.provider.expires_in = 600
    answer = late.browser.get(path)
    assert answer.location == "/oidc/login"
    assert late.browser.get(house.provider.answer(late.browser.get("/oidc/login").location)).location == path
    assert late.browser.get(path).status_code == 200


def test_the_sample_document_can_be_signed(leader: Officer) -> None:
    made = leader.browser.get("/sample.pdf").data
    assert leader.upload(made).status_code == 303


def test_of_those_who_begin_at_the_same_moment_one_does() -> None:
    documents, rounds = Documents(), 200
    paper = Paper(1, (1, 1), (1, 1))
    waiting = [documents.add(unit="H30", kind="issued", number="1", title="x", copy_form="", paper=paper, pdf=b"")
               for _ in range(50)]
    began: list[str] = []
    gate = threading.Barrier(8)

    def begin(who: str) -> None:
        for number in range(rounds):
            one = waiting[number % len(waiting)]
            gate.wait()
            with contextlib.suppress(NotNowError):
                documents.begin(one, "person", who)
                began.append(one.document_id)
            gate.wait()
            if who == "0":
                documents.failed(one.document_id, "")
            gate.wait()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=begin, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(began) == rounds


def test_the_oldest_documents_make_room_but_not_those_on_the_phone() -> None:
    documents = Documents()
    made = [documents.add(unit="H30", kind="issued", number=str(number), title="x", copy_form="", paper=Paper(1, (1, 1), (1, 1)),
                          pdf=b"") for number in range(2)]
    documents.begin(made[0], "person", "s-1")
    for number in range(store.MOST):
        documents.add(unit="H30", kind="copy", number=f"n{number}", title="x", copy_form="", paper=Paper(1, (1, 1), (1, 1)),
                      pdf=b"")
    assert documents.find("H30", made[0].document_id) is not None
    assert documents.find("H30", made[1].document_id) is None
    assert len(documents.of_unit("H30")) == store.MOST
