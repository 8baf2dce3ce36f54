"""ETSI TS 102 204 §6.2: a signature from the request to the answer, with every kind of SIM."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from .conftest import NUMBERS, OLD, SPARE, STRANGER, Carrier
from .messages import DOCUMENT, FICOM, TEXT

HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
DIGEST_INFO = {"sha256": "3031300d060960864801650304020105000420", "sha384": "3041300d060960864801650304020205000430",
               "sha512": "3051300d060960864801650304020305000440"}


def check(kind: str, key: Any, signature: bytes, digest: bytes, name: str = "sha256") -> None:
    """Verify as a program does that knows the standard and nothing of the simulator."""
    algorithm = Prehashed(HASHES[name])
    if kind == "p-256":
        assert len(signature) == 64
        pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        key.verify(pair, digest, ec.ECDSA(algorithm))
    elif kind == "rsa-2048-pss":
        key.verify(signature, digest, padding.PSS(padding.MGF1(HASHES[name]), 32), algorithm)
    else:
        assert len(signature) == int(kind[-4:]) // 8
        key.verify(signature, digest, padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("name", HASHES)
def test_a_card_signs_the_hash_that_was_asked_for(carrier: Carrier, kind: str, name: str) -> None:
    number = NUMBERS[kind]
    digest = hashlib.new(name, b"Quyet dinh 7").digest()
    asked = carrier.sign(number, digest=digest, mime=f"application/x-{name}", format_=FICOM)
    assert (asked.status, asked.code) == (200, 100)
    assert asked.signature is None
    waiting = carrier.status(asked.transaction)
    assert (waiting.code, waiting.signature, waiting.transaction) == (504, None, asked.transaction)
    assert carrier.hand(number) == "signed"
    done = carrier.status(asked.transaction)
    assert done.code == 500
    assert done.signature is not None
    check(kind, carrier.public_key(number), done.signature, digest, name)
    assert carrier.status(asked.transaction).signature == done.signature


@pytest.mark.parametrize("name", DIGEST_INFO)
def test_a_digest_info_is_signed_as_its_hash(carrier: Carrier, name: str) -> None:
    number = NUMBERS["rsa-2048"]
    digest = hashlib.new(name, b"Cong van 3").digest()
    asked = carrier.sign(number, digest=bytes.fromhex(DIGEST_INFO[name]) + digest, mime="application/octet-stream")
    assert asked.code == 100
    carrier.hand(number)
    signature = carrier.status(asked.transaction).signature
    assert signature is not None
    check("rsa-2048", carrier.public_key(number), signature, digest, name)


def test_the_answer_names_who_asked_and_never_the_password(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number, "tAsked")
    info = asked.message[0]
    assert (info.get("AP_TransID"), info.get("AP_PWD"), info.get("Instant")) == ("tAsked", "", "2026-11-28T08:00:00Z")
    assert carrier.password.encode() not in asked.body


def test_the_phone_shows_the_text_and_the_code_of_the_hash(carrier: Carrier, number: str) -> None:
    # The published vector of the four digits.
    digest = bytes.fromhex("2f665f6a6999e0ef0752e00ec9f453adf59d8cb6") + bytes(12)
    digest = digest[:-1] + digest[19:20]
    carrier.sign(number, digest=digest)
    phone = carrier.simulator.phones.one(number)
    assert phone is not None
    assert (phone["shows"]["text"], phone["shows"]["code"]) == (TEXT, "1462")


def test_the_same_name_and_content_is_the_same_transaction(carrier: Carrier, number: str) -> None:
    first = carrier.sign(number, "tSame" + number)
    assert carrier.sign(number, "tSame" + number).transaction == first.transaction
    carrier.hand(number)
    again = carrier.sign(number, "tSame" + number)
    assert (again.code, again.transaction) == (100, first.transaction)
    assert len(carrier.simulator.phones.one(number)["transactions"]) == 1  # type: ignore[index]


@pytest.mark.parametrize("other", [{"digest": bytes(32)}, {"text": "Van ban khac 0000"}, {"timeout": "60"}])
def test_another_content_under_the_same_name_is_refused(carrier: Carrier, number: str, other: dict[str, Any]) -> None:
    first = carrier.sign(number, "tOther" + number)
    refused = carrier.sign(number, "tOther" + number, **other)
    assert (refused.status, refused.code, refused.by) == (500, 101, "Sender")
    assert carrier.status(first.transaction).code == 504


def test_of_many_at_once_under_one_name_there_is_one_transaction(carrier: Carrier, number: str) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(carrier.sign(number, "tOnce" + number).transaction))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_of_many_hands_at_once_one_signs(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number)
    done: list[str] = []

    def hand() -> None:
        try:
            done.append(carrier.hand(number))
        except Exception as err:
            done.append(str(err))

    threads = [threading.Thread(target=hand) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done).count("signed") == 1
    assert carrier.status(asked.transaction).code == 500


def test_a_hand_that_saw_it_open_comes_too_late(carrier: Carrier, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides is the transaction as it stands when it is signed, not as it was when the phone was looked at."""
    asked = carrier.sign(number)
    seen = carrier.simulator.signings.on_phone(number)
    carrier.hand(number)
    signature = carrier.status(asked.transaction).signature
    monkeypatch.setattr(carrier.simulator.signings, "on_phone", lambda number: seen)
    for act in ("accept", "cancel"):
        with pytest.raises(Exception, match="its time is over"):
            carrier.hand(number, act)
    assert carrier.status(asked.transaction).signature == signature


def test_a_phone_has_one_open_transaction(carrier: Carrier, number: str) -> None:
    first = carrier.sign(number)
    second = carrier.sign(number)
    assert (second.code, second.by) == (101, "Sender")
    assert "not finished" in second.text
    carrier.hand(number, "cancel")
    assert carrier.sign(number).code == 100
    assert carrier.status(first.transaction).finer == 4011


def test_what_is_over_by_time_does_not_hold_up_the_next(carrier: Carrier, number: str) -> None:
    carrier.sign(number, timeout="30")
    carrier.clock.pass_(30)
    assert carrier.sign(number).code == 100


@pytest.mark.parametrize(("act", "pin", "code", "finer"), [
    ("cancel", "", 401, 4011), ("accept", "9999", 401, 4012), ("postpone", "", 401, 4013)])
def test_how_the_officer_ends_it(carrier: Carrier, number: str, act: str, pin: str, code: int, finer: int) -> None:
    asked = carrier.sign(number)
    carrier.hand(number, act, pin)
    ended = carrier.status(asked.transaction)
    assert (ended.status, ended.code, ended.finer, ended.by) == (500, code, finer, "Receiver")
    with pytest.raises(Exception, match="nothing is shown"):
        carrier.hand(number)
    assert carrier.status(asked.transaction).finer == finer


def test_the_time_is_over(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number, timeout="45")
    carrier.clock.pass_(44.9)
    assert carrier.status(asked.transaction).code == 504
    carrier.clock.pass_(0.1)
    over = carrier.status(asked.transaction)
    assert (over.code, over.finer, over.by) == (208, 2082, "Receiver")
    with pytest.raises(Exception, match="nothing is shown"):
        carrier.hand(number)
    assert carrier.status(asked.transaction).finer == 2082


def test_who_ignores_the_phone_sees_nothing_more_and_the_time_runs_out(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number, timeout=None)
    assert carrier.hand(number, "ignore") == "ignored"
    with pytest.raises(Exception, match="nothing is shown"):
        carrier.hand(number)
    carrier.clock.pass_(119)
    assert carrier.status(asked.transaction).code == 504
    carrier.clock.pass_(1)
    assert carrier.status(asked.transaction).finer == 2082


def test_three_wrong_pins_block_and_the_puk_opens(carrier: Carrier, number: str) -> None:
    for finer in (4012, 4012, 4021):
        asked = carrier.sign(number)
        carrier.hand(number, "accept", "0000")
        assert carrier.status(asked.transaction).finer == finer
    blocked = carrier.status(carrier.sign(number).transaction)
    assert (blocked.code, blocked.finer) == (402, 4021)
    act = carrier.simulator.phones.act
    with pytest.raises(Exception, match="wrong PUK"):
        act(number, "unblock", {"puk": "00000000", "pin": "4321"})
    with pytest.raises(Exception, match="4 to 8 digits"):
        act(number, "unblock", {"puk": "12345678", "pin": "12"})
    act(number, "unblock", {"puk": "12345678", "pin": "4321"})
    asked = carrier.sign(number)
    carrier.hand(number, pin="4321")
    assert carrier.status(asked.transaction).code == 500


def test_ten_wrong_puks_block_the_card(carrier: Carrier, number: str) -> None:
    act = carrier.simulator.phones.act
    act(number, "block_pin", {})
    for _ in range(10):
        with pytest.raises(Exception, match=r"wrong PUK|blocked"):
            act(number, "unblock", {"puk": "00000000", "pin": "4321"})
    with pytest.raises(Exception, match="blocked"):
        act(number, "unblock", {"puk": "12345678", "pin": "4321"})
    blocked = carrier.status(carrier.sign(number).transaction)
    assert (blocked.code, blocked.finer) == (403, 4031)


def test_a_right_pin_forgives_the_wrong_ones(carrier: Carrier, number: str) -> None:
    for pin in ("0000", "0000", "1234", "0000"):
        carrier.sign(number)
        carrier.hand(number, "accept", pin)
    assert carrier.simulator.phones.one(number)["pin_left"] == 2  # type: ignore[index]


def test_a_phone_that_is_switched_off_cannot_be_reached(carrier: Carrier, number: str) -> None:
    carrier.hand(number, "unreachable")
    asked = carrier.sign(number)
    assert asked.code == 100
    assert (carrier.status(asked.transaction).code, carrier.status(asked.transaction).finer) == (209, 2093)
    carrier.hand(number, "reachable")
    assert carrier.status(carrier.sign(number).transaction).code == 504


def test_numbers_that_cannot_sign(carrier: Carrier) -> None:
    unknown, unregistered = carrier.sign(STRANGER), carrier.sign(SPARE)
    assert (unknown.code, unknown.finer) == (105, 1052)
    assert (unregistered.code, unregistered.finer) == (105, 1053)
    assert {unknown.by, unregistered.by} == {"Sender"}


def test_a_number_with_an_exchanged_sim_signs_with_the_new_one(carrier: Carrier) -> None:
    asked = carrier.sign(OLD)
    carrier.hand(OLD)
    signature = carrier.status(asked.transaction).signature
    assert signature is not None
    check("p-256", carrier.public_key(OLD), signature, DOCUMENT)
    assert len(carrier.simulator.phones.one(OLD)["cards"]) == 2  # type: ignore[index]


def test_only_who_asked_hears_of_it(carrier: Carrier, number: str) -> None:
    asked = carrier.sign(number)
    with carrier.simulator.store.writing() as database:
        database.execute("UPDATE signing SET application = 'http://another.example' WHERE id = ?", (asked.transaction,))
    assert carrier.status(asked.transaction).code == 101
    assert carrier.status("mUnknown").code == 101


def test_hands_answer_by_themselves_where_that_is_switched_on(carrier: Carrier, number: str) -> None:
    phones = carrier.simulator.phones
    phones.act(number, "automatic", {"how": "accept", "after": 5})
    asked = carrier.sign(number)
    hands = carrier.simulator._hands
    hands.look()
    assert carrier.status(asked.transaction).code == 504
    carrier.clock.pass_(5)
    hands.look()
    assert carrier.status(asked.transaction).code == 500
    phones.act(number, "by_hand", {})
    asked = carrier.sign(number)
    carrier.clock.pass_(6)
    assert hands.look() == 0
