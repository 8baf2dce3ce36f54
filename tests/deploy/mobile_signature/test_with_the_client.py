"""The provider's client and the simulator, each with its own reading and writing: they understand each other, or say so."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from deploy.mobile_signature.requests import LOGIN
from deploy.mobile_signature.subscribers import luhn
from idp.adapters.mssp import Account, MobileSignatureClient
from idp.errors import UnavailableError
from idp.signing.mobile_signature import KeyUse, SignatureRequest
from idp.signing.outcome import FAULTS, Outcome, of_fault
from idp.signing.sim_text import sim_text
from idp.signing.verification_code import verification_code
from tests.fakes.clock import FakeClock

from .conftest import NUMBERS, SPARE, STRANGER, Carrier
from .messages import APPLICATION, DOCUMENT, FICOM, SIGN
from .test_registration import certificate
from .test_registration import iccid as iccid_of
from .test_signatures import check


@dataclass
class Reply:
    status: int
    body: bytes


def client(carrier: Carrier, **more: Any) -> MobileSignatureClient:
    def post(url: str, body: bytes) -> Reply:
        reply = carrier.simulator.service.take(url.rpartition("/")[2].removesuffix("Port"), body)
        return Reply(reply.status, reply.body)

    account = Account(url="https://127.0.0.1/soap/services", ap_id=APPLICATION, password=carrier.password,
                      mssp_id="http://localhost/mobile-signature", profile=SIGN)
    return MobileSignatureClient(replace(account, **more), post, FakeClock())


def question(name: str, number: str, digest: bytes = DOCUMENT) -> SignatureRequest:
    text = sim_text("Ký Quyết định số 7/QĐ-UBND", verification_code(digest))
    return SignatureRequest(name, number, digest, "sha256", text, 120)


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("format_", [FICOM, "http://www.methics.fi/KiuruMSSP/v3.2.0#PKCS1"])
def test_a_signature_from_end_to_end(carrier: Carrier, kind: str, format_: str) -> None:
    ours, number = client(carrier, format=format_), NUMBERS[kind]
    asked = ours.sign(question(carrier.name(), number))
    assert (asked.outcome, asked.code) == (Outcome.ACCEPTED, 100)
    shown = carrier.simulator.phones.one(number)
    assert shown is not None
    assert shown["shows"]["text"] == f"Ky Quyet dinh so 7/QD-UBND {shown['shows']['code']}"
    assert ours.status(carrier.name(), asked.service_transaction, number).outcome is Outcome.PENDING
    carrier.hand(number)
    done = ours.status(carrier.name(), asked.service_transaction, number)
    assert done.outcome is Outcome.SIGNED
    assert done.signature is not None
    check(kind, carrier.public_key(number), done.signature, DOCUMENT)
    assert carrier.password.encode() not in done.exchange.sent + done.exchange.received


def test_everything_else_that_is_asked(carrier: Carrier, number: str) -> None:
    ours = client(carrier)
    phone = carrier.simulator.phones.one(number)
    assert phone is not None
    assert ours.handshake(carrier.name()).outcome is Outcome.ACCEPTED
    registered = ours.register(carrier.name(), number, phone["iccid"])
    assert registered.public_key is not None
    assert registered.certificate is None
    state = ours.profile(carrier.name(), number)
    assert (state.iccid, state.pin_blocked, state.certificates, len(state.profiles)) == (phone["iccid"], False, (), 1)
    carrier.hand(number, "block_pin")
    assert ours.profile(carrier.name(), number).pin_blocked is True
    asked = ours.sign(question(carrier.name(), number))
    assert ours.status(carrier.name(), asked.service_transaction, number).outcome is Outcome.PIN_BLOCKED
    assert ours.receipt(carrier.name(), asked.service_transaction, number, "Chua ky duoc").outcome is Outcome.ACCEPTED


def test_how_it_ends_is_understood(carrier: Carrier, number: str) -> None:
    ours = client(carrier)
    found = []
    for act, pin in (("cancel", ""), ("postpone", ""), ("accept", "0000")):
        asked = ours.sign(question(carrier.name(), number))
        carrier.hand(number, act, pin)
        found.append(ours.status(carrier.name(), asked.service_transaction, number).outcome)
    asked = ours.sign(question(carrier.name(), number))
    carrier.clock.pass_(120)
    found.append(ours.status(carrier.name(), asked.service_transaction, number).outcome)
    assert found == [Outcome.CANCELLED, Outcome.POSTPONED, Outcome.WRONG_PIN, Outcome.TIMED_OUT]
    assert ours.sign(question(carrier.name(), STRANGER)).outcome is Outcome.UNKNOWN_NUMBER
    assert ours.sign(question(carrier.name(), SPARE)).outcome is Outcome.NOT_REGISTERED
    assert client(carrier, password="another-password").handshake(carrier.name()).outcome is Outcome.NOT_AUTHORIZED
    carrier.hand(number, "swap")
    assert ours.sign(question(carrier.name(), number)).outcome is Outcome.UNSUITABLE_SIM


def test_a_sim_has_two_keys_and_neither_answers_for_the_other(carrier: Carrier) -> None:
    """Security checklist 58: what signs documents never signs in, and what signs in signs no document."""
    number, iccid = "84990000777", luhn("898499000000000778")
    carrier.simulator.phones.add({"msisdn": number, "carrier": "Mạng mẫu C", "cards": [{"iccid": iccid, "login_key": "p-256"}]})
    ours = client(carrier, authentication_profile=LOGIN)
    assert (ours.authenticates, client(carrier).authenticates) == (True, False)
    keys = [load_der_public_key(ours.register(carrier.name(), number, iccid, use=use).public_key or b"")
            for use in ("signing", "authentication")]
    assert keys[0] != keys[1]
    assert set(ours.profile(carrier.name(), number).profiles) == {SIGN, LOGIN}

    def made(use: KeyUse) -> bytes:
        asked = ours.sign(replace(question(carrier.name(), number), use=use))
        carrier.hand(number)
        return ours.status(carrier.name(), asked.service_transaction, number).signature or b""

    for use, key, other in (("signing", *keys), ("authentication", *reversed(keys))):
        check("p-256", key, made(use), DOCUMENT)
        with carrier.disturbed("other_profile", msisdn=number):
            check("p-256", other, made(use), DOCUMENT)
    with pytest.raises(ValueError, match="no profile"):
        client(carrier).sign(replace(question(carrier.name(), number), use="authentication"))


def test_each_key_has_its_certificate_and_an_exchanged_sim_has_new_ones(carrier: Carrier) -> None:
    number, iccid = "84990000776", luhn("898499000000000776")
    carrier.simulator.phones.add({"msisdn": number, "carrier": "Mạng mẫu C", "cards": [{"iccid": iccid, "login_key": "p-256"}]})
    ours = client(carrier, authentication_profile=LOGIN)
    uses: tuple[KeyUse, ...] = ("signing", "authentication")
    keys = {use: ours.register(carrier.name(), number, iccid, use=use).public_key or b"" for use in uses}
    held = {use: base64.b64decode(certificate(carrier, load_der_public_key(keys[use]))) for use in uses}
    crossed = ours.register(carrier.name(), number, iccid, held["signing"], use="authentication")
    assert crossed.answer.outcome is Outcome.REGISTRATION_FAILED
    for use in uses:
        assert ours.register(carrier.name(), number, iccid, held[use], use=use).certificate == held[use]
    assert ours.profile(carrier.name(), number).certificates == tuple(held.values())
    carrier.hand(number, "swap")
    after = iccid_of(carrier, number)
    assert keys["authentication"] != ours.register(carrier.name(), number, after, use="authentication").public_key


def test_a_sim_without_a_key_for_signing_in_is_asked_for_nothing(carrier: Carrier, number: str) -> None:
    ours = client(carrier, authentication_profile=LOGIN)
    phone = carrier.simulator.phones.one(number)
    assert phone is not None
    registered = ours.register(carrier.name(), number, phone["iccid"], use="authentication")
    assert (registered.answer.code, registered.public_key) == (109, None)
    assert ours.sign(replace(question(carrier.name(), number), use="authentication")).code == 109
    assert carrier.simulator.phones.one(number)["shows"] is None  # type: ignore[index]


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_code_goes_over_and_is_understood(carrier: Carrier, number: str, code: int) -> None:
    value = str(code) if code < 1000 else f"{code // 10}/{code}"
    with carrier.disturbed("fault", value, number):
        answer = client(carrier).profile(carrier.name(), number).answer
    assert answer.outcome is of_fault(code // 10 if code > 1000 else code, code if code > 1000 else None)
    assert (answer.code, answer.finer) == ((code // 10, code) if code > 1000 else (code, None))


@pytest.mark.parametrize("wrong", ["duplicate", "other_number", "other_transaction"])
def test_an_answer_to_another_question_is_no_answer(carrier: Carrier, number: str, wrong: str) -> None:
    ours = client(carrier)
    asked = ours.sign(question(carrier.name(), number))
    carrier.hand(number)
    with carrier.disturbed(wrong, msisdn=number), pytest.raises(UnavailableError):
        ours.status(carrier.name(), asked.service_transaction, number)
    assert ours.status(carrier.name(), asked.service_transaction, number).outcome is Outcome.SIGNED
