"""The pages of the phones and the JSON door: what a person and a program do there, and what nobody else can."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import requests

from . import messages
from .conftest import Carrier


class Person:
    """A browser without script."""

    def __init__(self, carrier: Carrier) -> None:
        self.url = f"http://localhost:{carrier.port}"
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=60)

    def post(self, path: str, **form: str) -> requests.Response:
        token = re.search(r'name="form_token" value="([^"]+)"', self.get("/faults").text)
        assert token
        return self.session.post(self.url + path, {"form_token": token[1], **form}, timeout=60)

    def json(self, path: str, content: Any, headers: dict[str, str] | None = None) -> requests.Response:
        return self.session.post(self.url + path, json=content, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def person(carrier: Carrier) -> Person:
    return Person(carrier)


def text(page: requests.Response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.text).split()))


def test_a_person_reads_the_text_and_signs_with_the_pin(carrier: Carrier, person: Person, number: str) -> None:
    idle = person.get(f"/phones/{number}")
    assert "Chưa có yêu cầu ký" in text(idle)
    assert '<meta http-equiv="refresh" content="2;' in idle.text
    asked = carrier.sign(number, text="QLVB 15/QD <b> & 1462")
    shown = person.get(f"/phones/{number}")
    assert "QLVB 15/QD &lt;b&gt; &amp; 1462" in shown.text
    assert '<meta http-equiv="refresh" content="121;' in shown.text
    assert "hai văn bản khác nhau" in text(shown)
    assert "Có yêu cầu ký" in text(person.get("/"))
    done = person.post(f"/phones/{number}", act="accept", pin="1234")
    assert done.history[0].status_code == 303
    assert "Đã ký." in text(done)
    assert carrier.status(asked.transaction).code == 500


@pytest.mark.parametrize(("act", "pin", "said", "finer"), [
    ("cancel", "", "Đã từ chối.", 4011), ("accept", "0000", "Sai PIN: yêu cầu đã kết thúc.", 4012),
    ("postpone", "", "Đã để lại sau.", 4013)])
def test_a_person_ends_it_otherwise(
        carrier: Carrier, person: Person, number: str, act: str, pin: str, said: str, finer: int) -> None:
    asked = carrier.sign(number)
    assert said in text(person.post(f"/phones/{number}", act=act, pin=pin))
    assert carrier.status(asked.transaction).finer == finer


@pytest.mark.parametrize("typed", ["", "12", "mot hai", "123456789", "１２３４"])
def test_what_is_no_pin_costs_no_try(carrier: Carrier, person: Person, number: str, typed: str) -> None:
    asked = carrier.sign(number)
    assert "không tính là một lần thử" in text(person.post(f"/phones/{number}", act="accept", pin=typed))
    assert carrier.simulator.phones.one(number)["pin_left"] == 3  # type: ignore[index]
    assert carrier.status(asked.transaction).code == 504
    assert "Đã ký." in text(person.post(f"/phones/{number}", act="accept", pin="1234"))


def test_a_card_is_put_in_by_its_number_and_by_nothing_else(carrier: Carrier, person: Person, number: str) -> None:
    assert person.json(f"/api/phones/{number}", {"act": "swap", "iccid": "89 8499 abc"}).status_code == 400
    done = person.json(f"/api/phones/{number}", {"act": "swap", "iccid": "8984 9930 0000 0000 0017"})
    assert done.json()["phone"]["iccid"] == "89849930000000000017"


def test_a_person_who_is_too_late_is_told(carrier: Carrier, person: Person, number: str) -> None:
    carrier.sign(number)
    carrier.clock.pass_(120)
    assert "không có yêu cầu nào" in text(person.post(f"/phones/{number}", act="accept", pin="1234"))


def test_a_person_opens_a_blocked_pin_and_switches_things(carrier: Carrier, person: Person, number: str) -> None:
    path = f"/phones/{number}/sim"
    assert 'http-equiv="refresh"' not in person.get(path).text
    for act, said in (("block_pin", "PIN bị khóa"), ("swap", "SIM đã thay, chưa đăng ký lại"), ("revoke", "thu hồi"),
                      ("restore", "có hiệu lực trở lại"), ("unreachable", "Đã tắt máy"), ("reachable", "đã bật"),
                      ("forget", "Chưa đăng ký"), ("block_pin", "PIN bị khóa")):
        assert said in text(person.post(path, act=act))
    assert "Sai PUK." in text(person.post(path, act="unblock", puk="00000000", pin="4321"))
    assert "Đã mở khóa PIN." in text(person.post(path, act="unblock", puk="12345678", pin="4321"))
    assert "Tự trả lời: từ chối" in text(person.post(path, act="automatic", how="cancel", after="3"))
    assert "chờ người trả lời" in text(person.post(path, act="by_hand"))
    assert person.post(path, act="dance").status_code == 400


def test_disturbances_are_switched_on_the_page(carrier: Carrier, person: Person, number: str) -> None:
    on = person.post("/faults", name="fault", value="209/2093", msisdn=number)
    assert "209/2093" in text(on)
    assert carrier.sign(number).finer == 2093
    assert "sự cố giả" in text(person.get("/"))
    person.post("/faults", name="fault", msisdn=number, off="yes")
    assert carrier.sign(number).code == 100
    assert person.post("/faults", name="fault", value="soon").status_code == 400
    person.post("/faults", name="slow", value="0")
    assert "Không có sự cố nào" in text(person.post("/faults", clear="yes"))


def test_the_json_door_does_what_the_pages_do(carrier: Carrier, person: Person, number: str) -> None:
    asked = carrier.sign(number)
    phone = person.get(f"/api/phones/{number}").json()
    assert (phone["shows"]["id"], phone["shows"]["text"], phone["registered"]) == (asked.transaction, messages.TEXT, "yes")
    assert number in [one["msisdn"] for one in person.get("/api/phones").json()["phones"]]
    done = person.json(f"/api/phones/{number}", {"act": "accept", "pin": "1234"})
    assert (done.status_code, done.json()["done"]) == (200, "signed")
    again = person.json(f"/api/phones/{number}", {"act": "accept", "pin": "1234"})
    assert (again.status_code, again.json()["error"]) == (409, "nothing is shown")
    listed = person.get("/api/transactions").json()["transactions"]
    [one] = [one for one in listed if one["id"] == asked.transaction]
    assert (one["state"], one["result"], one["digest"]) == ("signed", 500, messages.DOCUMENT.hex())
    assert one["signature"]
    assert person.json("/api/faults", {"name": "late", "msisdn": number}).json()["faults"] == [
        {"msisdn": number, "name": "late", "value": ""}]
    assert person.json("/api/faults", {"name": "late", "msisdn": number, "value": None}).json() == {"faults": []}
    assert "late" in person.get("/api/faults").json()["kinds"]


def test_phones_are_added_at_the_json_door(carrier: Carrier, person: Person) -> None:
    new = {"msisdn": "84992000001", "carrier": "Mạng mẫu D", "pin": "555555", "cards": [{"iccid": "8984992000000000001"}]}
    assert person.json("/api/phones", new).status_code == 201
    assert person.json("/api/phones", new).status_code == 400
    assert carrier.register("84992000001", "8984992000000000001").code == 100
    for wrong in ({**new, "msisdn": "09"}, {**new, "msisdn": "84992000002"}, {**new, "msisdn": "84992000003", "cards": []},
                  {**new, "msisdn": "84992000004", "cards": [{"iccid": "8984992000000000004", "key": "dsa"}]},
                  {**new, "msisdn": "84992000005", "pin": "12"}, {**new, "cards": 5}):
        assert person.json("/api/phones", wrong).status_code == 400


@pytest.mark.parametrize(("path", "content", "status"), [
    ("/api/phones/84999999999", {"act": "accept"}, 404), ("/api/phones/84990000001", {"act": "dance"}, 400),
    ("/api/phones/84990000001", {"act": "automatic", "how": "x"}, 400),
    ("/api/phones/84990000001", {"act": "automatic", "after": "x"}, 400),
    ("/api/phones/84990000001", [], 400), ("/api/faults", {"name": "x"}, 400),
    ("/api/faults", {"name": "late", "msisdn": "1"}, 404),
    ("/api/nothing", {}, 404), ("/api/phones/1", {}, 404)])
def test_what_cannot_be_done_at_the_json_door_is_said(person: Person, path: str, content: Any, status: int) -> None:
    found = person.json(path, content)
    assert found.status_code == status
    assert found.json()["error"]


def test_pages_that_are_not_there(person: Person) -> None:
    for path in ("/nothing", "/phones/84999999999", "/phones/..%2f", "/static/../pages.py", "/api/phones/84999999999",
                 "/api/transactions?after=x"):
        assert person.get(path).status_code in {400, 404}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost", "localhost:1",
                                  "127.0.0.1.evil.example:{port}"])
@pytest.mark.parametrize("path", ["/", "/api/phones"])
def test_another_host_is_refused(carrier: Carrier, person: Person, host: str, path: str) -> None:
    found = person.session.get(person.url + path, headers={"Host": host.format(port=carrier.port)}, timeout=60)
    assert found.status_code == 421
    assert "84990000001" not in found.text


def test_a_form_of_another_page_does_nothing(carrier: Carrier, person: Person, number: str) -> None:
    asked = carrier.sign(number)
    path = f"{person.url}/phones/{number}"
    form = {"act": "accept", "pin": "1234"}
    token = re.search(r'value="([^"]{32})"', person.get(f"/phones/{number}").text)
    assert token
    for more, headers in (({}, {}), ({"form_token": "x" * 32}, {}),
                          ({"form_token": token[1]}, {"Origin": "http://evil.example"}),
                          ({"form_token": token[1]}, {"Sec-Fetch-Site": "cross-site"}),
                          ({"form_token": token[1]}, {"Origin": "null"})):
        assert person.session.post(path, form | more, headers=headers, timeout=60).status_code == 403
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Origin": "http://evil.example"},
                    {"Content-Type": "application/json", "Sec-Fetch-Site": "same-site"}):
        found = person.session.post(f"{person.url}/api/phones/{number}", '{"act": "accept", "pin": "1234"}', headers=headers,
                                    timeout=60)
        assert found.status_code == 415
    assert carrier.status(asked.transaction).code == 504
    own = {"Origin": person.url, "Sec-Fetch-Site": "same-origin"}
    assert person.session.post(path, form | {"form_token": token[1]}, headers=own, timeout=60).status_code == 200
    assert carrier.status(asked.transaction).code == 500


def test_pages_hold_no_script_and_ask_no_other_host(person: Person) -> None:
    for path in ("/", "/faults", "/phones/84990000001", "/phones/84990000001/sim", "/nothing"):
        page = person.get(path)
        assert "<script" not in page.text
        assert "default-src 'none'; style-src 'self'" in page.headers["Content-Security-Policy"]
        assert set(re.findall(r'(?:src|href|action)="([^"/]*)', page.text)) <= {""}
    assert person.get("/static/simulator.css").headers["Content-Type"].startswith("text/css")
    assert person.get("/healthz").text == "ok\n"


def test_what_is_too_large_is_refused(person: Person) -> None:
    assert person.session.post(person.url + "/api/phones", "x" * 70_000, timeout=60).status_code == 413
