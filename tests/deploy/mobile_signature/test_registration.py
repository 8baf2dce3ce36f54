"""ETSI TS 102 204 §6.3: registration with the SIM's ICCID, the profile of a number, receipts, the handshake; an exchanged SIM."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from deploy.mobile_signature.subscribers import luhn

from . import messages
from .conftest import NUMBERS, SPARE, STRANGER, Carrier
from .messages import NAMES, Answer

ISSUER = ec.generate_private_key(ec.SECP256R1())


def certificate(carrier: Carrier, key: Any, days: int = 365) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nguyễn Văn Mẫu")])
    began = datetime.fromtimestamp(carrier.clock.moment, UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key, x509.random_serial_number(), began, began + timedelta(days=days))
    made = builder.sign(ISSUER, SHA256())
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def detail(profile: Answer) -> Any:
    return profile.message.find("mss:Status/mss:StatusDetail/ext:ProfileQueryExtension", NAMES)


def iccid(carrier: Carrier, number: str) -> str:
    phone = carrier.simulator.phones.one(number)
    assert phone is not None
    return str(phone["iccid"])


def test_a_number_is_registered_with_its_sim_and_the_key_is_given(carrier: Carrier, number: str) -> None:
    first = carrier.register(number, iccid(carrier, number))
    again = carrier.register(number, iccid(carrier, number))
    assert first.code == again.code == 100
    key = first.message.findtext("mss:PublicKey", namespaces=NAMES)
    assert key == again.message.findtext("mss:PublicKey", namespaces=NAMES)
    assert first.message.find("mss:X509Certificate", NAMES) is None


@pytest.mark.parametrize("wrong", ["8984990000000000000", "89849900000", "not a number"])
def test_another_iccid_is_refused(carrier: Carrier, number: str, wrong: str) -> None:
    refused = carrier.register(number, wrong)
    assert (refused.code, refused.finer, refused.by) == (407, 4073, "Receiver")


def test_a_sim_of_another_number_is_refused_and_registers_nothing(carrier: Carrier) -> None:
    refused = carrier.register(SPARE, iccid(carrier, NUMBERS["p-256"]))
    assert (refused.code, refused.finer) == (407, 4073)
    assert carrier.sign(SPARE).finer == 1053


def test_who_is_unknown_and_what_is_missing(carrier: Carrier, number: str) -> None:
    assert carrier.register(STRANGER, "8984990000000000000").finer == 1052
    body = messages.request("MSS_Registration", "tR", carrier.password, messages.user(number))
    assert carrier.ask("MSS_Registration", body).code == 102


def test_a_certificate_is_taken_when_it_holds_the_key_of_the_sim(carrier: Carrier, number: str) -> None:
    sim = iccid(carrier, number)
    strange = certificate(carrier, ec.generate_private_key(ec.SECP256R1()).public_key())
    for wrong in (strange, "AAAA", base64.b64encode(b"0" * 300).decode()):
        refused = carrier.register(number, sim, wrong)
        assert (refused.code, refused.finer) == (407, 4071)
    good = certificate(carrier, carrier.public_key(number))
    assert carrier.register(number, sim, good).message.findtext("mss:X509Certificate", namespaces=NAMES) == good
    assert carrier.register(number, sim).message.findtext("mss:X509Certificate", namespaces=NAMES) == good


@pytest.mark.parametrize("kind", NUMBERS)
def test_with_a_certificate_the_service_says_what_it_thinks_of_a_signature(carrier: Carrier, kind: str) -> None:
    """502 valid, 501 revoked, 503 after its end."""
    number = NUMBERS[kind]
    carrier.register(number, certificate=certificate(carrier, carrier.public_key(number), days=30))
    verdicts = []
    for before in (lambda: None, lambda: carrier.hand(number, "revoke"), lambda: carrier.hand(number, "restore"),
                   lambda: carrier.clock.pass_(31 * 86400)):
        before()
        asked = carrier.sign(number)
        carrier.hand(number)
        done = carrier.status(asked.transaction)
        assert done.signature is not None
        verdicts.append(done.code)
    assert verdicts == [502, 501, 502, 503]


def test_the_profile_tells_sim_pin_and_certificate(carrier: Carrier, number: str) -> None:
    sim = iccid(carrier, number)
    first = carrier.profile(number)
    assert [one.findtext("mss:mssURI", namespaces=NAMES) for one in first.message.iterfind("mss:SignatureProfile", NAMES)] == [
        "http://alauda.mobi/nonRepudiation"]
    assert detail(first).findtext("ext:SimCard/ext:ICCID", namespaces=NAMES) == sim
    assert detail(first).find("ext:PinStatus", NAMES).get("blocked") == "false"
    assert detail(first).find("ext:MobileUserCertificate", NAMES) is None
    good = certificate(carrier, carrier.public_key(number), days=30)
    carrier.register(number, sim, good)
    states = []
    for act in ("block_pin", "revoke", "restore"):
        carrier.hand(number, act)
        held = detail(carrier.profile(number))
        assert held.find("ext:PinStatus", NAMES).get("blocked") == "true"
        assert held.findtext("ext:MobileUserCertificate/ext:X509Certificate", namespaces=NAMES) == good
        states.append(held.find("ext:MobileUserCertificate", NAMES).get("State"))
    carrier.clock.pass_(31 * 86400)
    states.append(detail(carrier.profile(number)).find("ext:MobileUserCertificate", NAMES).get("State"))
    assert states == ["active", "revoked", "active", "expired"]


def test_profiles_of_nobody(carrier: Carrier) -> None:
    assert carrier.profile(STRANGER).finer == 1052
    assert carrier.profile(SPARE).finer == 1053


def test_an_exchanged_sim_signs_nothing_until_it_is_registered(carrier: Carrier, number: str) -> None:
    before, key = iccid(carrier, number), carrier.public_key(number).public_numbers()
    open_ = carrier.sign(number)
    carrier.hand(number, "swap")
    after = iccid(carrier, number)
    assert after != before
    assert luhn(after[:-1]) == after
    assert (carrier.status(open_.transaction).code, carrier.status(open_.transaction).finer) == (209, 2092)
    assert (carrier.sign(number).code, carrier.sign(number).finer) == (105, 1054)
    assert detail(carrier.profile(number)).findtext("ext:SimCard/ext:ICCID", namespaces=NAMES) == after
    assert carrier.register(number, before).finer == 4073
    assert carrier.register(number, after).code == 100
    assert carrier.public_key(number).public_numbers() != key
    assert carrier.sign(number).code == 100


def test_a_receipt_reaches_the_phone_once(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number)
    body = messages.request("MSS_Receipt", "tReceipt" + number, carrier.password,
                            messages.user(number) + "<mss:Message>Da ky QLVB 12</mss:Message>",
                            f'MSSP_TransID="{asked.transaction}"')
    assert carrier.ask("MSS_Receipt", body).code == carrier.ask("MSS_Receipt", body).code == 100
    assert [one["text"] for one in carrier.simulator.phones.one(number)["receipts"]] == ["Da ky QLVB 12"]  # type: ignore[index]
    other = body.replace(number.encode(), NUMBERS["p-256"].encode()).replace(b"tReceipt", b"tAnother")
    assert carrier.ask("MSS_Receipt", other).code == 101


def test_the_handshake_tells_what_both_can(carrier: Carrier) -> None:
    def listed(uri: str) -> str:
        return f"<mss:Algorithm><mss:mssURI>{uri}</mss:mssURI></mss:Algorithm>"

    ours = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    body = messages.request("MSS_Handshake", "tHands", carrier.password, (
        '<mss:SecureMethods MSS_Signature="true"/><mss:Certificates/><mss:RootCAs/>'
        f'<mss:SignatureAlgList>{listed(ours)}{listed("http://x.example")}</mss:SignatureAlgList>'))
    answer = carrier.ask("MSS_Handshake", body)
    assert answer.status == 200
    assert answer.transaction
    methods = answer.message.find("mss:SecureMethods", NAMES)
    assert (methods.get("MSS_Signature"), methods.get("MSS_Notification")) == ("true", "false")
    assert [one.text for one in answer.message.iterfind("mss:MatchingSigAlgList//mss:mssURI", NAMES)] == [ours]
