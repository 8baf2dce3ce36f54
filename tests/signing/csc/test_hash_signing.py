"""Hashes signed through the room of the CSC API, on both databases: whose, which, how many, how often, and until when."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from idp.adapters.sql.database import Database
from idp.errors import RefusedError, UnavailableError
from idp.signing.csc.algorithms import Wanted
from idp.signing.csc.authorization import ActivationData, sad_digest
from idp.signing.csc.credential import Names
from idp.signing.csc.hash_signing import NotSignedError
from idp.signing.transaction import State
from tests.signing.cards import Card, certified
from tests.signing.test_signing import CALLER

from .house import ECDSA, FIRST, SECOND, House, refusal

INVALID_SAD = (400, "invalid_request", "Invalid parameter SAD")


def verifies(house: House, signature: bytes, digest: bytes = FIRST, sub: str = "sub-1") -> None:
    house.cards[sub].key.public_key().verify(signature, digest, ec.ECDSA(utils.Prehashed(SHA256())))


def test_csc_11_6_the_leave_is_given_when_the_phone_has_signed_and_used_once(house: House) -> None:
    sad, one = house.authorize()
    assert (one.ready_at, one.used_at, len(sad)) == (house.clock.now(), None, 43)
    assert house.csc.sad(one)[1] <= 300
    assert house.carrier.calls.count("sign") == 1
    (signature,) = house.take(sad)
    verifies(house, signature)
    assert refusal(lambda: house.take(sad)) == INVALID_SAD
    assert house.records("signature.released") == 1


def test_the_database_knows_only_the_hash_of_a_sad(house: House) -> None:
    sad, one = house.authorize()
    found = house.authorizations.of_sad(sad_digest(sad))
    assert found == one
    assert sad not in repr(found)
    assert ActivationData(b"x" * 32).of(one.authorization_id) != sad


@pytest.mark.parametrize("change", [
    lambda house, sad: house.take(sad, client_id="khac"), lambda house, sad: house.take(sad, sub="sub-2"),
    lambda house, sad: house.take("x" * 43), lambda house, sad: house.take(""), lambda house, sad: house.take(f"{sad}x")])
def test_security_59_a_sad_is_of_one_application_and_one_officer(house: House, change: Callable[[House, str], Any]) -> None:
    sad, _ = house.authorize()
    assert refusal(lambda: change(house, sad)) == INVALID_SAD
    verifies(house, house.take(sad)[0])


@pytest.mark.parametrize("digests", [(SECOND,), (FIRST, SECOND), (FIRST, FIRST), ()])
def test_security_59_a_sad_is_for_its_hashes_and_no_other(house: House, digests: tuple[bytes, ...]) -> None:
    sad, _ = house.authorize()
    told = refusal(lambda: house.csc.sign(house.who(), sad, house.credential(), digests, ECDSA, CALLER))
    assert told == (400, "invalid_request", "Hash is not authorized by the SAD")
    verifies(house, house.take(sad)[0])


def test_security_59_all_of_them_or_none_in_the_order_asked(house: House) -> None:
    sad, _ = house.authorize(FIRST, SECOND)
    assert refusal(lambda: house.take(sad, FIRST))[2] == "Hash is not authorized by the SAD"
    second, first = house.take(sad, SECOND, FIRST)
    verifies(house, first)
    verifies(house, second, SECOND)


def test_security_59_a_sad_is_of_one_credential(house: House) -> None:
    sad, _ = house.authorize()
    assert refusal(lambda: house.take(sad, credential=house.credential("sub-2")))[2] == "Invalid parameter credentialID"
    old = house.credential()
    house.cards["sub-1"] = Card("84912000001", "8984012000000000009")
    assert refusal(lambda: house.take(sad, credential=old))[2] == "Invalid parameter credentialID"
    assert refusal(lambda: house.take(sad))[2] == "Invalid parameter credentialID"


def test_security_59_a_sad_expires(house: House) -> None:
    sad, one = house.authorize()
    house.clock.advance(house.csc.sad(one)[1] + 1)
    assert refusal(lambda: house.take(sad)) == (400, "invalid_request", "SAD expired")


def test_security_59_at_the_same_moment_one_gets_the_signature(house: House) -> None:
    sad, _ = house.authorize()
    given, refused = list[bytes](), list[str]()
    start = threading.Barrier(6)

    def take() -> None:
        start.wait()
        try:
            given.extend(house.take(sad))
        except Exception as err:
            refused.append(str(err))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(given), refused) == (1, ["Invalid parameter SAD"] * 5)


def test_an_answer_that_was_lost_costs_no_second_question(house: House) -> None:
    first, one = house.authorize()
    again, same = house.authorize()
    assert (again, same.authorization_id) == (first, one.authorization_id)
    assert house.carrier.calls.count("sign") == 1
    house.take(first)
    assert house.authorize()[0] != first
    assert house.carrier.calls.count("sign") == 2


def test_two_who_ask_for_the_same_ask_one_phone_once(house: House) -> None:
    found = list[str]()
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        found.append(house.csc.begin(house.who(), house.wish(), CALLER).authorization_id)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (4, 1)
    assert house.carrier.calls.count("sign") == 1


def test_of_several_the_phone_shows_one_at_a_time(house: House) -> None:
    one = house.csc.begin(house.who(), house.wish(FIRST, SECOND), CALLER)
    number, shown = house.csc.transaction(one)
    assert (number, shown.digest if shown else b"", one.is_open) == (0, FIRST, True)
    house.hands()
    one = house.csc.find(house.who(), one.authorization_id, CALLER)
    number, shown = house.csc.transaction(one)
    assert (number, shown.digest if shown else b"", one.is_open) == (1, SECOND, True)
    house.hands()
    assert house.csc.find(house.who(), one.authorization_id, CALLER).ready_at


def test_an_authorization_is_found_by_whose_it_is(house: House) -> None:
    one = house.csc.begin(house.who(), house.wish(), CALLER)
    for stranger in (house.who(client_id="khac"), house.who(sub="sub-2")):
        assert refusal(lambda stranger=stranger: house.csc.find(stranger, one.authorization_id, CALLER))[0] == 400  # type: ignore[misc]
        assert refusal(lambda stranger=stranger: house.csc.of_token(stranger, one.authorization_id)) == INVALID_SAD  # type: ignore[misc]
    assert refusal(lambda: house.csc.find(house.who(), "x", CALLER))[0] == 400
    # Before the phone has signed there is nothing to give, whatever SAD somebody makes up.
    assert refusal(lambda: house.take(house.activation.of(one.authorization_id))) == INVALID_SAD


@pytest.mark.parametrize(("fault", "code", "word"), [
    ((401, None), "access_denied", "cancelled"), ((401, 4012), "invalid_pin", "wrong_pin"),
    ((402, None), "access_denied", "pin_blocked"), ((208, None), "access_denied", "timed_out"),
    ((209, None), "access_denied", "unreachable")])
def test_what_the_phone_refused_is_said(house: House, fault: tuple[int, int | None], code: str, word: str) -> None:
    house.carrier.fault = fault
    house.waits = [lambda: house.clock.advance(10)]
    with pytest.raises(NotSignedError) as refused:
        house.authorize()
    assert (refused.value.status, refused.value.code, refused.value.outcome) == (400, code, word)
    house.carrier.fault = None
    house.clock.advance(10)
    assert house.authorize()[0]


def test_security_57_an_officer_who_refuses_is_left_alone(house: House) -> None:
    house.carrier.fault = (401, None)
    for _ in range(3):
        house.waits = [lambda: house.clock.advance(10)]
        with pytest.raises(NotSignedError):
            house.authorize()
    told = refusal(house.authorize)
    assert told[:2] == (429, "temporarily_unavailable")
    assert house.carrier.calls.count("sign") == 3


def test_a_card_that_is_asked_by_another_is_not_asked(house: House) -> None:
    house.csc.begin(house.who(client_id="khac"), house.wish(), CALLER)
    assert refusal(house.authorize)[:2] == (429, "temporarily_unavailable")
    assert house.carrier.calls.count("sign") == 1


def test_of_several_the_next_waits_for_a_card_that_another_has_taken(house: House) -> None:
    def other() -> None:
        house.hands()
        house.signing.go_on(CALLER, most=10)
        house.csc.begin(house.who(client_id="khac"), house.wish(), CALLER)

    house.waits = [other]
    sad, _ = house.authorize(FIRST, SECOND)
    assert len(house.take(sad, FIRST, SECOND)) == 2


@pytest.mark.parametrize(("digests", "total"), [((FIRST, SECOND), 1), ((FIRST,), 4), ((FIRST, SECOND, FIRST), 3)])
def test_csc_multisign_and_the_count(house: House, digests: tuple[bytes, ...], total: int) -> None:
    assert refusal(lambda: house.authorize(*digests, total=total))[:2] == (400, "invalid_request")
    assert house.carrier.calls == []


def test_security_18_a_certificate_that_was_revoked_meanwhile(house: House) -> None:
    sad, _ = house.authorize()
    house.standings.revoked.add(house.cards["sub-1"].der)
    assert refusal(lambda: house.take(sad)) == (400, "invalid_request", "Signing certificate is revoked")
    assert refusal(house.authorize) == (400, "invalid_request", "Signing certificate is revoked")
    house.standings.revoked.clear()
    verifies(house, house.take(sad)[0])


@pytest.mark.parametrize("why", ["blocked", "doubted"])
def test_security_18_a_sim_that_was_lost_or_came_into_doubt_meanwhile(house: House, why: str) -> None:
    sad, _ = house.authorize()
    getattr(house.sims, why).add("sub-1")
    told = (400, "invalid_request", "The credential identified by credentialID is disabled")
    assert refusal(lambda: house.take(sad)) == told
    assert refusal(house.authorize) == told
    assert house.credentials.names("sub-1") == ()


def test_what_the_officer_never_asked_for_is_not_given(house: House) -> None:
    sad, one = house.authorize()
    _, transaction = house.csc.transaction(one)
    assert transaction is not None
    house.signing.deny("sub-1", transaction.transaction_id, CALLER)
    assert refusal(lambda: house.take(sad)) == INVALID_SAD


def test_when_nobody_tells_how_a_certificate_stands_the_signature_waits(house: House) -> None:
    sad, _ = house.authorize()
    house.standings.away = True
    with pytest.raises(UnavailableError):
        house.take(sad)
    house.standings.away = False
    verifies(house, house.take(sad)[0])


@pytest.mark.parametrize("broken", ["second", "use"])
def test_what_reached_nobody_is_given_when_it_is_asked_for_again_and_once(house: House, monkeypatch: pytest.MonkeyPatch,
                                                                         broken: str) -> None:
    sad, _ = house.authorize(FIRST, SECOND)
    release, use, calls = house.store.release, house.authorizations.use, list[str]()

    def released(step: Any, *more: Any) -> bool:
        calls.append(step.after.state)
        if broken == "second" and calls.count(State.RELEASED) == 2:
            raise UnavailableError("away", dependency="database")
        return release(step, *more)

    def used(*asked: Any) -> bool:
        if broken == "use" and calls.count(State.RELEASED) == 2:
            calls.append(State.RELEASED)
            raise UnavailableError("away", dependency="database")
        return use(*asked)

    monkeypatch.setattr(house.store, "release", released)
    monkeypatch.setattr(house.authorizations, "use", used)
    with pytest.raises(UnavailableError):
        house.take(sad, FIRST, SECOND)
    assert house.records("signature.released") == (1 if broken == "second" else 2)
    first, second = house.take(sad, FIRST, SECOND)
    verifies(house, first)
    verifies(house, second, SECOND)
    assert refusal(lambda: house.take(sad, FIRST, SECOND)) == INVALID_SAD
    assert house.records("signature.released") == 2


@pytest.mark.parametrize("meanwhile", [
    lambda house, one: house.signing.deny("sub-1", one.transaction_id, CALLER),
    lambda house, _: house.sims.blocked.add("sub-1"), lambda house, _: house.standings.revoked.add(house.cards["sub-1"].der),
    lambda house, _: house.clock.advance(301)])
def test_what_reached_nobody_is_kept_by_the_rules_of_what_is_given(house: House, monkeypatch: pytest.MonkeyPatch,
                                                                  meanwhile: Callable[[House, Any], Any]) -> None:
    sad, one = house.authorize()
    _, transaction = house.csc.transaction(one)

    def away(*_: Any) -> bool:
        raise UnavailableError("away", dependency="database")

    with monkeypatch.context() as broken:
        broken.setattr(house.authorizations, "use", away)
        with pytest.raises(UnavailableError):
            house.take(sad)
    meanwhile(house, transaction)
    with pytest.raises(RefusedError):
        house.take(sad)


def test_no_more_wait_than_there_are_places(database: Database) -> None:
    house = House(database, places=1)

    def second() -> None:
        with pytest.raises(UnavailableError) as full:
            house.authorize(sub="sub-2")
        assert (full.value.dependency, full.value.retry_after_seconds) == ("waiting", 5)
        assert len(house.carrier.asked) == 1

    house.waits = [second]
    assert house.authorize()[0]
    assert house.authorize(sub="sub-2")[0]


def test_a_wait_ends_and_the_same_request_goes_on(house: House) -> None:
    third = hashlib.sha256(b"3").digest()

    def slowly() -> None:
        house.clock.advance(100)
        house.hands()

    house.waits = [slowly, slowly, lambda: house.clock.advance(100)]
    with pytest.raises(UnavailableError, match="ask again"):
        house.authorize(FIRST, SECOND, third)
    sad, _ = house.authorize(FIRST, SECOND, third)
    assert len(house.take(sad, FIRST, SECOND, third)) == 3
    assert house.carrier.calls.count("sign") == 3


def test_csc_11_7_what_an_extension_may(house: House) -> None:
    sad, _ = house.authorize(FIRST, total=2)
    verifies(house, house.take(sad)[0])
    extended = house.csc.extend(house.who(), sad, house.wish(SECOND), CALLER)
    again = house.csc.extend(house.who(), sad, house.wish(SECOND), CALLER)
    assert again.authorization_id == extended.authorization_id
    assert house.carrier.calls.count("sign") == 2
    third = hashlib.sha256(b"3").digest()
    assert refusal(lambda: house.csc.extend(house.who(), sad, house.wish(third), CALLER)) == INVALID_SAD
    new, _ = house.csc.sad(extended)
    verifies(house, house.take(new, SECOND)[0], SECOND)
    told = refusal(lambda: house.csc.extend(house.who(), new, house.wish(third), CALLER))
    assert told == (400, "invalid_request", "Numbers of signatures is too high")


@pytest.mark.parametrize("change", [{"client_id": "khac"}, {"sub": "sub-2"}])
def test_csc_11_7_an_extension_is_of_the_same_application_and_officer(house: House, change: dict[str, str]) -> None:
    sad, _ = house.authorize(FIRST, total=2)
    assert refusal(lambda: house.csc.extend(house.who(**change), sad, house.wish(SECOND), CALLER)) == INVALID_SAD
    house.clock.advance(301)
    assert refusal(lambda: house.csc.extend(house.who(), sad, house.wish(SECOND), CALLER))[2] == "SAD expired"


def test_csc_11_7_of_two_extensions_to_different_hashes_one_is_made(house: House) -> None:
    sad, _ = house.authorize(FIRST, total=2)
    done, refused = list[str](), list[str]()
    start = threading.Barrier(2)
    lock = threading.Lock()

    def pause(_seconds: float) -> None:
        with lock:
            house.hands()

    house.waiting._pause = pause  # two at once

    def extend(digest: bytes) -> None:
        start.wait()
        try:
            done.append(house.csc.extend(house.who(), sad, house.wish(digest), CALLER).authorization_id)
        except Exception as err:
            refused.append(str(err))

    threads = [threading.Thread(target=extend, args=(digest,)) for digest in (SECOND, hashlib.sha256(b"3").digest())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), refused) == (1, ["Invalid parameter SAD"])


class PssCard(Card):
    """A card that signs with PSS and a salt of 32 octets."""

    def sign(self, digest: bytes) -> bytes:
        return bytes(self.key.sign(digest, padding.PSS(padding.MGF1(SHA256()), 32), utils.Prehashed(SHA256())))


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(("card", "good", "bad"), [
    (Card, Wanted("rsa-pkcs1", "sha256"), (Wanted("rsa-pss", "sha256", 32), ECDSA, Wanted("rsa-pkcs1", "sha384"))),
    (PssCard, Wanted("rsa-pss", "sha256", 32), (Wanted("rsa-pss", "sha256", 222), Wanted("rsa-pss", "sha256"),
                                               Wanted("rsa-pkcs1", "sha256")))])
def test_csc_11_9_the_signature_is_the_one_asked_for_or_none(house: House, key: rsa.RSAPrivateKey, card: type[Card], good: Wanted,
                                                             bad: tuple[Wanted, ...]) -> None:
    house.cards["sub-1"] = card("84912000001", "8984012000000000001", key)
    sad, _ = house.authorize()
    for wanted in bad:
        assert refusal(lambda wanted=wanted: house.take(sad, wanted=wanted))[:2] == (400, "invalid_request")  # type: ignore[misc]
    (signature,) = house.take(sad, wanted=good)
    assert len(signature) == 256
    scheme = "1.2.840.113549.1.1.10" if card is PssCard else "1.2.840.113549.1.1.11"
    assert house.credentials.find("sub-1", house.credential()).key.algorithms[0] == scheme
    assert certified(key).public_key() == key.public_key()


def test_a_credential_tells_how_it_stands(house: House) -> None:
    found = house.credentials.find("sub-1", house.credential())
    assert (found.status, found.enabled, found.key.length, found.key.curve) == ("valid", True, 256, "1.2.840.10045.3.1.7")
    assert found.key.algorithms[0] == "1.2.840.10045.4.3.2"
    assert house.credentials.names("sub-3") == ()
    assert refusal(lambda: house.credentials.find("sub-1", house.credential("sub-2")))[2] == "Invalid parameter credentialID"
    assert refusal(lambda: house.credentials.find("sub-3", "x"))[2] == "Invalid parameter credentialID"
    house.clock.advance(3650 * 86400)
    assert house.credentials.find("sub-1", house.credential()).status == "expired"


def test_the_transaction_remembers_for_whom_and_in_what_session(house: House) -> None:
    house.csc.begin(house.who(sid="s-1", acr="urn:haugiang:acr:2", amr="pwd otp", auth_time=7), house.wish(), CALLER)
    (one,) = house.store.of_officer("sub-1", limit=1)
    assert (one.sid, one.acr, one.amr, one.auth_time, one.unit_code, one.title, one.document, one.subject) == (
        "s-1", "urn:haugiang:acr:2", "pwd otp", 7, "H30.1", "Giám đốc", "12/CV-STTTT", "Công văn về việc ký số")
    assert one.state is State.SENT


def test_the_name_of_a_credential_reads_the_same_and_leads_to_its_officer_here_alone(house: House) -> None:
    name, naming = house.credential(), house.credentials.naming
    assert (name, naming.owner(name)) == (house.credential(), "sub-1")
    assert "sub-1" not in name
    assert len({name, house.credential("sub-2"), naming.of("sub-1", b"another"), Names(b"m" * 32).of("sub-1", b"another")}) == 4
    for other in ("", "sim-", "sim-AAAA", name[:-2], name + "A", name.replace("sim-", ""), "sim-é", "sim-" + "A" * 500, Names(
            b"m" * 32).of("sub-1", b"x")):
        assert naming.owner(other) == ""
