"""ETSI TS 102 204 §7.13: each mistake has its code; SOAP 1.2 §5.4; security checklist 60: XML is read strictly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.mobile_signature.envelope import LARGEST, read
from deploy.mobile_signature.refusals import NotSoapError, RefusedError

from . import messages
from .conftest import NUMBERS, Carrier
from .messages import NAMES, Answer

NUMBER = NUMBERS["p-256"]


def coded(answer: Answer) -> tuple[int | None, int | None, str]:
    assert answer.status == 500
    return answer.code, answer.finer, answer.by


@pytest.mark.parametrize(("change", "code", "finer"), [
    ({"mode": "synch"}, 101, 1013), ({"mode": "asynchServerServer"}, 101, 1013), ({"mode": None}, 102, None),
    ({"mode": "later"}, 101, None),
    ({"more": "<mss:AdditionalServices><mss:Service><mss:Description><mss:mssURI>http://x.example</mss:mssURI></mss:Description>"
              "</mss:Service></mss:AdditionalServices>"}, 101, 1014),
    ({"text": "Quyết định 7"}, 101, 1015), ({"text_mime": "text/html"}, 101, 1015), ({"text_encoding": "UCS-2"}, 101, 1015),
    ({"text": None}, 102, 1021), ({"text": "  "}, 102, 1021), ({"text": "x" * 111}, 103, None),
    ({"text": "x" * 109 + "€"}, 103, None),
    ({"mime": "application/x-sha1"}, 101, 1016), ({"mime": "text/plain"}, 101, 1016), ({"encoding": "UTF-8"}, 101, 1016),
    ({"data": "%%%"}, 101, 1016), ({"data": ""}, 102, 1022), ({"digest": bytes(31)}, 103, None),
    ({"digest": bytes(32), "mime": "application/x-sha512"}, 103, None),
    ({"digest": bytes(20), "mime": "application/octet-stream"}, 101, 1016),
    ({"digest": bytes.fromhex("3031300d060960864801650304020105000420") + bytes(33), "mime": "application/octet-stream"},
     103, None),
    ({"format_": "http://uri.etsi.org/TS102204/v1.1.2#PKCS7"}, 101, 1017), ({"format_": None}, 102, None),
    ({"profile": "http://alauda.mobi/other"}, 109, None),
    ({"timeout": "0"}, 101, None), ({"timeout": "3601"}, 101, None), ({"timeout": "soon"}, 101, None),
    ({"attributes": 'ValidityDate="2020-01-01T00:00:00Z"'}, 720, None),
])
def test_a_signature_request_that_is_wrong(carrier: Carrier, change: dict[str, Any], code: int, finer: int | None) -> None:
    by = "Sender" if code < 109 or code == 720 else "Receiver"
    assert coded(carrier.sign(NUMBER, **change)) == (code, finer, by)
    assert carrier.simulator.phones.one(NUMBER)["transactions"] == []  # type: ignore[index]


@pytest.mark.parametrize("number", ["12", "849900000a1", "0990000003", "84-990000003"])
def test_a_number_that_is_none(carrier: Carrier, number: str) -> None:
    answer = carrier.sign(number)
    assert answer.code in {101, 105}
    assert answer.finer in {None, 1051}


def test_a_validity_date_ends_the_time(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number, attributes='ValidityDate="2027-01-15T08:00:30Z"')
    assert carrier.clock.moment < 1_800_000_030
    carrier.clock.moment = 1_800_000_030.0
    assert carrier.status(asked.transaction).finer == 2082


@pytest.mark.parametrize("operation", messages.OPERATIONS)
@pytest.mark.parametrize(("password", "application", "version", "code"), [
    ("wrong", messages.APPLICATION, "1", 104), ("", messages.APPLICATION, "1", 104), (None, "http://other.example", "1", 104),
    (None, messages.APPLICATION, "2", 108)])
def test_who_is_not_known_is_not_let_in(carrier: Carrier, operation: str, password: str | None, application: str, version: str,
                                        code: int) -> None:
    body = messages.request(operation, "tX", carrier.password if password is None else password, version=version,
                            application=application)
    assert coded(carrier.ask(operation, body)) == (code, None, "Sender")


@pytest.mark.parametrize("operation", messages.OPERATIONS)
def test_a_message_that_lacks_what_the_schema_demands(carrier: Carrier, operation: str) -> None:
    assert carrier.ask(operation, messages.request(operation, "tX", carrier.password)).code in {101, 102}


def test_one_operation_does_not_take_the_message_of_another(carrier: Carrier) -> None:
    body = messages.signature("tX", carrier.password, NUMBER)
    assert coded(carrier.ask("MSS_StatusQuery", body)) == (101, None, "Sender")
    swapped = messages.envelope("MSS_StatusQuery", f'<mss:MSS_SignatureReq xmlns:mss="{NAMES["mss"]}"/>')
    assert carrier.ask("MSS_StatusQuery", swapped).code == 101


GOOD = messages.signature("tX", "x", "84990000001")
DOCTYPE = b'<!DOCTYPE a [<!ENTITY b "c">]>'


@pytest.mark.parametrize("body", [
    b"", b"not xml", GOOD[:-5], GOOD.replace(b"?>", b"?>" + DOCTYPE, 1), GOOD.replace(b"QLVB", b"&b;"),
    GOOD.decode().encode("utf-16"),
    GOOD.replace(b"QLVB", b"\xff"), GOOD + b"<a/>", GOOD + b" " * LARGEST, GOOD.replace(b"QLVB", b"<a>" * 40 + b"</a>" * 40),
    GOOD.replace(b"<env:Body>", b"<env:Body><x/>"), GOOD.replace(b"</env:Body>", b"</env:Body><env:Body/>"),
    GOOD.replace(b"env:Body", b"env:Bodi"),
], ids=range(13))
def test_what_is_not_read(carrier: Carrier, body: bytes) -> None:
    assert coded(carrier.ask("MSS_Signature", body)) == (101, None, "Sender")


def test_soap_12_another_envelope_and_a_header_that_must_be_understood_are_refused(carrier: Carrier) -> None:
    older = GOOD.replace(b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/")
    assert carrier.ask("MSS_Signature", older).by == "VersionMismatch"
    header = '<env:Header><a:b xmlns:a="urn:a" env:mustUnderstand="{}"/></env:Header>'
    body = messages.signature("tH", carrier.password, NUMBER)
    for word, by in (("true", "MustUnderstand"), ("1", "MustUnderstand"), ("false", "Sender")):
        with_header = body.replace(b"<env:Body>", header.format(word).encode() + b"<env:Body>")
        with_header = with_header.replace(b"QLVB", "Số".encode())
        assert carrier.ask("MSS_Signature", with_header).by == by


def test_nothing_is_fetched_and_no_file_is_read(carrier: Carrier) -> None:
    for outside in (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x">', b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'):
        with pytest.raises(RefusedError, match="document type"):
            read(GOOD.replace(b"?>", b"?>" + outside, 1))


@given(st.binary(max_size=300) | st.builds(lambda cut, put: GOOD[:cut] + put + GOOD[cut:], st.integers(0, len(GOOD)),
                                           st.binary(max_size=8)))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        name, message = read(body)
    except (RefusedError, NotSoapError):
        return
    assert name
    assert message is not None
