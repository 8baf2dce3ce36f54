"""F-22: what a service does wrong when it is told to, seen from the other end of a line with certificates on both sides."""

from __future__ import annotations

import ssl
import threading
import time
from pathlib import Path

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from lxml import etree

from deploy.mobile_signature import disturbances
from deploy.mobile_signature.authority import CLIENT, CLIENT_AUTHORITY, CLIENT_KEY, SERVER, SERVER_KEY, SERVICE_AUTHORITY
from deploy.mobile_signature.soap_server import server_tls

from . import messages
from .conftest import Carrier
from .messages import Answer
from .test_signatures import check

KIND = {"Content-Type": "application/soap+xml; charset=utf-8"}


class Line:
    """A client with a certificate."""

    def __init__(self, carrier: Carrier, certificate: tuple[str, str] = (CLIENT, CLIENT_KEY)) -> None:
        self.carrier = carrier
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(carrier.folder / SERVICE_AUTHORITY)
        self.session.cert = tuple(str(carrier.folder / name) for name in certificate)  # type: ignore[assignment]
        self.url = f"https://127.0.0.1:{carrier.port + 1}/soap/services"

    def post(self, operation: str, body: bytes, headers: dict[str, str] | None = None,
             timeout: float = 60) -> requests.Response:
        return self.session.post(f"{self.url}/{operation}Port", body, headers=headers or KIND, timeout=timeout)

    def ask(self, operation: str, body: bytes) -> Answer:
        found = self.post(operation, body)
        assert found.headers["Content-Type"] == KIND["Content-Type"]
        return messages.answer(found.status_code, found.content)

    def sign(self, number: str, name: str = "") -> Answer:
        return self.ask("MSS_Signature", messages.signature(name or self.carrier.name(), self.carrier.password, number))

    def question(self, transaction: str) -> bytes:
        return messages.request("MSS_StatusQuery", self.carrier.name(), self.carrier.password,
                                attributes=f'MSSP_TransID="{transaction}"')

    def status(self, transaction: str) -> Answer:
        return self.ask("MSS_StatusQuery", self.question(transaction))


@pytest.fixture(scope="module")
def line(carrier: Carrier) -> Line:
    return Line(carrier)


@pytest.fixture
def signed(carrier: Carrier, line: Line, number: str) -> str:
    """A transaction of ``number`` that is signed."""
    asked = line.sign(number)
    carrier.hand(number)
    return asked.transaction


def test_the_line_works_as_it_should(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    done = line.status(signed)
    assert done.signature is not None
    check("p-256", carrier.public_key(number), done.signature, messages.DOCUMENT)
    text_xml = line.post("MSS_StatusQuery", line.question(signed), {"Content-Type": "text/xml"})
    assert text_xml.status_code == 200


@pytest.mark.parametrize("certificate", [None, (SERVER, SERVER_KEY)], ids=["none", "of another authority"])
def test_who_shows_no_certificate_of_the_client_authority_gets_no_answer(
        carrier: Carrier, certificate: tuple[str, str] | None) -> None:
    line = Line(carrier, certificate or (CLIENT, CLIENT_KEY))
    if certificate is None:
        line.session.cert = None
    with pytest.raises(requests.ConnectionError):
        line.post("MSS_Signature", b"")


def test_only_tls_12_and_later(carrier: Carrier) -> None:
    tls = server_tls(carrier.folder / SERVER, carrier.folder / SERVER_KEY, carrier.folder / CLIENT_AUTHORITY)
    assert (tls.minimum_version, tls.verify_mode) == (ssl.TLSVersion.TLSv1_2, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(("operation", "headers", "body", "status"), [
    ("MSS_Nothing", KIND, b"", 404), ("MSS_Signature", {"Content-Type": "application/json"}, b"{}", 415),
    ("MSS_Signature", {"Content-Type": "text/xml; charset=utf-16"}, b"", 415), ("MSS_Signature", KIND, b" " * 70_000, 413)])
def test_what_is_no_soap_gets_a_plain_answer(
        line: Line, operation: str, headers: dict[str, str], body: bytes, status: int) -> None:
    assert line.post(operation, body, headers).status_code == status


def test_get_is_refused(line: Line) -> None:
    assert line.session.get(f"{line.url}/MSS_SignaturePort", timeout=60).status_code == 405


def test_off(carrier: Carrier, line: Line, number: str) -> None:
    with carrier.disturbed("off"):
        found = line.post("MSS_Signature", messages.signature("tOff", carrier.password, number))
        assert found.status_code == 503
    assert carrier.simulator.phones.one(number)["transactions"] == []  # type: ignore[index]


def test_refuse(carrier: Carrier, number: str) -> None:
    with carrier.disturbed("refuse"), pytest.raises(requests.ConnectionError):
        Line(carrier).sign(number)
    assert Line(carrier).sign(number).code == 100


def test_slow(carrier: Carrier, line: Line, number: str) -> None:
    began = time.monotonic()
    with carrier.disturbed("slow", "0.7", number):
        assert line.sign(number).code == 100
    assert time.monotonic() - began >= 0.7


def test_silent_until_it_is_switched_off(carrier: Carrier, line: Line, number: str) -> None:
    found: list[Answer] = []
    with carrier.disturbed("silent", msisdn=number):
        thread = threading.Thread(target=lambda: found.append(line.sign(number, "tSilent" + number)))
        thread.start()
        while not carrier.simulator.phones.one(number)["transactions"]:  # type: ignore[index]
            thread.join(0.02)
        assert found == []
    thread.join(60)
    assert found[0].code == 100


def test_lost(carrier: Carrier, line: Line, number: str) -> None:
    with carrier.disturbed("lost", msisdn=number), pytest.raises(requests.ConnectionError):
        line.sign(number, "tLost" + number)
    [one] = carrier.simulator.phones.one(number)["transactions"]  # type: ignore[index]
    assert line.sign(number, "tLost" + number).transaction == one["id"]


def test_cut(carrier: Carrier, line: Line, number: str) -> None:
    cut_off = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    with carrier.disturbed("cut", msisdn=number), pytest.raises(cut_off):
        line.sign(number)


def test_fault(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    for value, code, finer in (("900", 900, None), ("209/2091", 209, 2091)):
        with carrier.disturbed("fault", value, number):
            assert (line.status(signed).code, line.status(signed).finer) == (code, finer)
    assert line.status(signed).code == 500


def test_duplicate(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    own = line.status(signed)
    with carrier.disturbed("duplicate", msisdn=number):
        again = line.status(signed)
    assert own.transaction == signed != again.transaction
    assert again.signature == own.signature


def test_late(carrier: Carrier, line: Line, number: str) -> None:
    with carrier.disturbed("late", "10", number):
        early = line.sign(number)
        assert carrier.hand(number) == "signed"
        assert line.status(early.transaction).code == 504
        carrier.clock.pass_(125)
        assert line.status(early.transaction).finer == 2082
        carrier.clock.pass_(5)
        assert line.status(early.transaction).code == 500
        after = line.sign(number)
        carrier.clock.pass_(130)
        assert line.status(after.transaction).finer == 2082
        assert carrier.hand(number) == "signed"
        assert line.status(after.transaction).code == 500


def test_other_signature_other_key(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    right = line.status(signed).signature
    for name in ("other_signature", "other_key"):
        with carrier.disturbed(name, msisdn=number):
            wrong = line.status(signed).signature
        assert wrong is not None
        assert wrong != right
        with pytest.raises(InvalidSignature):
            check("p-256", carrier.public_key(number), wrong, messages.DOCUMENT)
    assert line.status(signed).signature == right
    with carrier.disturbed("other_profile", msisdn=number):
        assert line.status(signed).code == 109  # this SIM has one key; of one with two: test_with_the_client


def test_other_number_other_transaction_other_message(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    with carrier.disturbed("other_number", msisdn=number):
        assert line.status(signed).message.findtext(".//{*}MSISDN") == "84990000999"
    with carrier.disturbed("other_transaction", msisdn=number):
        body = line.question(signed)
        name = body.partition(b'AP_TransID="')[2].partition(b'"')[0].decode()
        assert line.ask("MSS_StatusQuery", body).message[0].get("AP_TransID") != name
    with carrier.disturbed("other_message", msisdn=number):
        assert etree.QName(line.status(signed).message).localname == "MSS_ReceiptResp"


def test_garbage_doctype_huge(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    with carrier.disturbed("garbage", msisdn=number), pytest.raises(etree.XMLSyntaxError):
        line.status(signed)
    with carrier.disturbed("doctype", msisdn=number):
        assert b"<!DOCTYPE" in line.post("MSS_StatusQuery", line.question(signed)).content
    with carrier.disturbed("huge", "3", number):
        found = line.post("MSS_StatusQuery", line.question(signed))
        assert len(found.content) == 3 << 20


def test_each_disturbance_is_tested_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in disturbances.KINDS if f'"{name}"' not in source] == []


@pytest.mark.parametrize(("name", "value", "number"), [
    ("nothing", "", ""), ("fault", "", ""), ("fault", "20", ""), ("slow", "soon", ""), ("off", "", "84990000001")])
def test_a_disturbance_that_is_none(carrier: Carrier, name: str, value: str, number: str) -> None:
    with pytest.raises(ValueError, match=r"disturbance|code|number"):
        disturbances.switch(carrier.simulator.store, name, value, number)
    assert disturbances.switched_on(carrier.simulator.store) == []


def test_one_of_a_number_is_of_no_other(carrier: Carrier, line: Line, number: str, signed: str) -> None:
    with carrier.disturbed("fault", "900", "84990000001"):
        assert line.status(signed).code == 500
