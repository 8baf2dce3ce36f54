"""A document on its way through three windows: the leader's, the clerk's, and the one that plays their phones.

The phones are the simulator's, asked by the provider's own client of mobile signature services; certificates and the API between
are those of the fake.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID
from PIL import Image
from qlvb import upload, views
from sample_application.application import Configuration, create_application
from selenium.common.exceptions import JavascriptException
from werkzeug.serving import make_server

from deploy.browser import Browser, Page
from deploy.document_tour import DocumentTour
from deploy.mobile_signature import authority
from deploy.mobile_signature.__main__ import APPLICATION, Simulator
from deploy.mobile_signature.subscribers import luhn
from deploy.ports import free_ports
from idp.adapters.mssp import Account, MobileSignatureClient
from idp.clock import SystemClock
from idp.signing.mobile_signature import SignatureRequest
from idp.signing.outcome import Outcome
from idp.signing.sim_text import sim_text
from idp.signing.verification_code import verification_code
from tests.browser.chromium import axe, wait
from tests.fakes.provider import FakeProvider
from tests.fakes.remote_signing import Card, RemoteSigning, _Quiet, refusal
from tests.flows.person import Person, person_at

from .conftest import AGENCY, CLIENTS, LEADER

PATIENCE_SECONDS = 90
PHONES = {"leader": "84990000003", "clerk": "84990000002"}
OFFICERS: dict[str, dict[str, Any]] = {
    "leader": {"sub": "s-1", "name": LEADER, "groups": ["lanhdao"]},
    "clerk": {"sub": "s-2", "name": "Trần Thị Ví Dụ", "groups": ["vanthu"]}}


class Carrier:
    """The simulator, and the provider's side of asking its phones."""

    def __init__(self, folder: Path, port: int) -> None:
        self.simulator = Simulator(folder, port, APPLICATION)
        account = Account(url="https://127.0.0.1/soap/services", ap_id=APPLICATION,
                          password=(folder / authority.PASSWORD).read_text().strip(), mssp_id="http://localhost/mobile-signature",
                          profile="http://alauda.mobi/nonRepudiation")
        self._client = MobileSignatureClient(account, self._post, SystemClock())
        self._names = (f"t{number}" for number in itertools.count(1))
        self._stopped = threading.Event()
        self.url = f"http://localhost:{port}/"
        self.simulator.start()

    def _post(self, url: str, body: bytes) -> Any:
        return self.simulator.service.take(url.rpartition("/")[2].removesuffix("Port"), body)

    def number(self, msisdn: str, holder: str) -> Any:
        """Add and register a phone; gives its public key."""
        iccid = luhn(f"8984990{int(msisdn[-6:]):011}")
        self.simulator.phones.add({"msisdn": msisdn, "carrier": "Mạng mẫu", "holder": holder, "cards": [{"iccid": iccid}]})
        registered = self._client.register(next(self._names), msisdn, iccid)
        assert registered.public_key is not None
        return load_der_public_key(registered.public_key)

    def ask(self, card: Card, msisdn: str, body: dict[str, Any]) -> Any:
        """Ask a phone for the signature of an authorization, and wait for its word."""
        [wanted] = body["hash"]
        digest = base64.b64decode(wanted)
        text = sim_text(f"Ký {body['description'].partition(' - ')[0]}", verification_code(digest))
        asked = self._client.sign(SignatureRequest(next(self._names), msisdn, digest, "sha256", text, 120))
        while not self._stopped.wait(0.1):
            found = self._client.status(next(self._names), asked.service_transaction, msisdn)
            if found.outcome is Outcome.PENDING:
                continue
            if found.signature is None:
                return refusal("access_denied", found.outcome.value)
            half = len(found.signature) // 2
            r, s = int.from_bytes(found.signature[:half]), int.from_bytes(found.signature[half:])
            card.signatures[wanted] = encode_dss_signature(r, s)
            return None
        return refusal("access_denied", "timed_out")

    def stop(self) -> None:
        self._stopped.set()
        self.simulator.stop()


@dataclass(frozen=True)
class World:
    """The application, the provider at which whoever ``sits`` down is signed in, and the phones."""

    provider: FakeProvider
    service: RemoteSigning
    app: str
    phones: str

    def sits(self, who: str) -> None:
        self.provider.access_token = who
        self.provider.claims["sub"] = OFFICERS[who]["sub"]
        self.provider.details = OFFICERS[who] | {"post": {"unit_code": "H30.11", "unit_name": AGENCY, "title": "Giám đốc"}}


class Desk:
    """One browser with a window for each; each officer has their own cookies, phones have none."""

    def __init__(self, person: Person, world: World) -> None:
        self.person, self._world, self.app = person, world, world.app
        self._windows, self._cookies, self._who = {"leader": person.driver.current_window_handle}, dict[str, Any](), "leader"
        for who in ("clerk", "phone"):
            person.driver.switch_to.new_window("window")
            self._windows[who] = person.driver.current_window_handle
        self.sits_down("leader")

    def sits_down(self, who: str) -> Person:
        """Turn to a window; nobody looks at the other officer's meanwhile."""
        driver = self.person.driver
        if who != "phone" and who != self._who:
            driver.switch_to.window(self._windows[self._who])
            driver.get("about:blank")
            self._cookies[self._who] = driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
            driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
            for cookie in self._cookies.get(who, ()):
                driver.execute_cdp_cmd("Network.setCookie", {"name": cookie["name"], "value": cookie["value"], "url": self.app})
            self._who = who
        if who != "phone":
            self._world.sits(who)
        driver.switch_to.window(self._windows[who])
        return self.person

    def phone(self, number: str, act: str, pin: str = "1234") -> str:
        """Answer on a phone; gives the four digits that it shows."""
        person = self.sits_down("phone")
        person.open(f"{self._world.phones}phones/{number}")
        self._wait(lambda: person.sees("[data-shown=code]"), "what the phone shows")
        code, text = person.find("[data-shown=code]").text, person.find("[data-shown=text]").text
        assert text == f"Ky 57/STTTT-CNTT {code}"
        person.find("#pin").send_keys(pin)
        person.press(f"button[name=act][value={act}]")
        return code

    def _wait(self, until: Callable[[], Any], what: str) -> None:
        wait(self.person.driver, until, PATIENCE_SECONDS, what)

    def code(self) -> str:
        """Wait for the four digits on the document's page."""
        return self._text("code", "true", "four digits")

    def settled(self) -> str:
        return self._text("state", "!document.querySelector('[role=status]')", "an end")

    def _text(self, name: str, until: str, what: str) -> str:
        """Wait for a text of the document's page, which shows itself anew all the time: both are of the same page."""
        found: list[str] = []
        script = f"const seen = document.querySelector('[data-document={name}]'); return {until} && seen ? seen.textContent : ''"

        def read() -> bool:
            found[:] = [""]
            with contextlib.suppress(JavascriptException):  # one page gives way to the next at this moment
                found[:] = [str(self.person.driver.execute_script(script)).strip()]
            return bool(found[0])

        self._wait(read, what)
        return found[0]


@pytest.fixture
def world(service: RemoteSigning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(upload, "apart", upload.read)
    monkeypatch.setattr(views, "LOOKS_AGAIN_SECONDS", 1)
    service.cards.clear()
    service.revoked.clear()
    service.offers_services = service.tells_status = service.stamps = True
    provider = FakeProvider().start()
    app_port, phones, _ = free_ports(3)
    carrier = Carrier(tmp_path / "mssp", phones)
    leader = service.card("leader", LEADER, "ec", (NameOID.TITLE, "Giám đốc"),
                          public_key=carrier.number(PHONES["leader"], LEADER))
    clerk = service.card("clerk", AGENCY, "ec", public_key=carrier.number(PHONES["clerk"], AGENCY))
    leader.answer = lambda body: carrier.ask(leader, PHONES["leader"], body)
    clerk.answer = lambda body: carrier.ask(clerk, PHONES["clerk"], body)
    url = f"http://localhost:{app_port}"
    app = create_application(Configuration(provider.issuer, "qlvb", "secret", url), name="Hệ thống Quản lý văn bản",
                             owner="Văn phòng UBND tỉnh", page="documents.html", pages=CLIENTS / "qlvb" / "templates",
                             keeps_token=True)
    views.add(app, service.url)
    server = make_server("127.0.0.1", app_port, app, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield World(provider, service, url, carrier.url)
    finally:
        carrier.stop()
        server.shutdown()
        server.server_close()
        provider.stop()


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    with person_at(tmp_path / "chromium") as person:
        yield Desk(person, world)


def _faults(person: Person) -> list[str]:
    person.driver.execute_script(axe())
    run = "const done = arguments[0]; axe.run().then(found => done(found.violations.map(one => one.id)))"
    return list(person.driver.execute_async_script(run))


@pytest.mark.timeout(400)
def test_leader_clerk_and_phone_in_three_windows(desk: Desk, document: bytes, tmp_path: Path) -> None:
    file, none = tmp_path / "van-ban.pdf", tmp_path / "van-ban.docx"
    file.write_bytes(document)
    none.write_bytes(b"PK")
    person = desk.sits_down("leader")
    person.open(f"{desk.app}/")
    assert person.name_in_application == LEADER
    person.fill(number="57/STTTT-CNTT", title="V/v rà soát")
    person.find("#file").send_keys(str(none))
    person.press("form[action='/documents'] button")
    assert "không phải là PDF" in person.find("[role=alert]").text
    seen = "return document.querySelector('[role=alert]').getBoundingClientRect().top < innerHeight"
    assert person.driver.execute_script(seen), "what is wrong stands where the officer looks"
    person.find("#number").clear()
    person.find("#title").clear()
    person.fill(number="57/STTTT-CNTT", title="V/v rà soát danh sách cán bộ được cấp SIM ký số")
    person.find("#file").send_keys(str(file))
    person.press("form[action='/documents'] button")
    address = person.url

    person.press("form[action$='/sign'] button")
    shown = desk.code()
    assert desk.phone(PHONES["leader"], "cancel") == shown
    desk.sits_down("leader")
    assert desk.settled() == "Chờ lãnh đạo ký"
    assert "đã từ chối trên điện thoại" in person.find("[role=alert]").text

    person.press("form[action$='/sign'] button")
    shown = desk.code()
    assert desk.phone(PHONES["leader"], "accept") == shown, "the same four digits in both windows"
    desk.sits_down("leader")
    assert desk.settled() == "Chờ văn thư đóng dấu"

    desk.sits_down("clerk")
    person.open(f"{desk.app}/")
    assert person.name_in_application == "Trần Thị Ví Dụ"
    person.leave_by(person.driver.find_element("link text", "57/STTTT-CNTT").click)
    assert person.url == address
    person.press("form[action$='/sign'] button")
    shown = desk.code()
    assert desk.phone(PHONES["clerk"], "accept") == shown
    desk.sits_down("clerk")
    assert desk.settled() == "Đã ký xong"
    assert len(person.driver.find_elements("css selector", "[data-holds=yes]")) == 2
    assert _faults(person) == []

    desk.sits_down("leader")
    person.open(address)
    assert desk.settled() == "Đã ký xong"
    link = str(person.driver.find_element("partial link text", "Tải tệp PDF").get_attribute("href"))
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in person.driver.get_cookies())
    signed = tmp_path / "signed.pdf"
    with build_opener(ProxyHandler({})).open(Request(link, headers={"Cookie": cookies}), timeout=60) as answer:
        signed.write_bytes(answer.read())
    said = subprocess.run(["pdfsig", "-nocert", signed], capture_output=True, text=True, check=True).stdout
    assert said.count("Signature is Valid.") == 2
    subprocess.run(["pdftoppm", "-r", "60", "-png", "-singlefile", signed, tmp_path / "page"], check=True)
    colours = [colour for _, colour in Image.open(tmp_path / "page.png").convert("RGB").getcolors(1 << 24) or []]
    assert any(red > 200 and green < 60 and blue < 60 for red, green, blue in colours), "a red seal is to be seen"
    assert any(red < 60 and green < 60 and blue > 200 for red, green, blue in colours), "a blue signature is to be seen"


def test_the_tour_of_make_demo_has_a_document_signed(world: World, tmp_path: Path) -> None:
    steps: list[str] = []

    def hold(true: bool, what: str, page: Page | None) -> None:
        assert true, (what, page and page.text)
        steps.append(what)

    officers = {who: Browser() for who in OFFICERS}
    for who, browser in officers.items():
        world.sits(who)
        browser.open(f"{world.app}/")
    tour = DocumentTour(f"{world.app}/", world.phones, tmp_path, hold)
    file = tour.walk(officers["leader"], PHONES["leader"], officers["clerk"], PHONES["clerk"])
    root = Certificate.load(world.service.root.public_bytes(Encoding.DER))
    tour.verify(file, [root])
    assert [step for step in steps if step.startswith("pdfsig")] == [f"pdfsig finds both signatures valid: {LEADER}, {AGENCY}"]
    world.service.revoked.add(next(iter(world.service.cards["leader"].values())).certificate.serial_number)
    with pytest.raises(AssertionError, match="how the certificates stand"):
        tour.verify(file, [root])


def test_the_tour_stops_where_a_phone_refuses(world: World, tmp_path: Path) -> None:
    seen: list[str] = []

    def hold(true: bool, what: str, page: Page | None) -> None:
        seen.append(what)
        if not true:
            raise LookupError(what)

    leader = Browser()
    world.sits("leader")
    leader.open(f"{world.app}/")
    for card in world.service.cards["leader"].values():
        card.answer = lambda body: refusal("access_denied", "unreachable")
    with pytest.raises(LookupError, match="the page shows"):
        DocumentTour(f"{world.app}/", world.phones, tmp_path, hold).walk(leader, PHONES["leader"], Browser(), PHONES["clerk"])
    assert seen[-1].startswith("… has it signed by phone")
