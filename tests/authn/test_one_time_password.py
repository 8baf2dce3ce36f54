"""Passwords made for officers: easy to read out, hard to guess, good for a day."""

from __future__ import annotations

import re
import unicodedata

from idp.audit import Caller
from idp.authn.one_time_password import OneTimePasswords, digest_of, made
from tests.fakes.clock import FakeClock
from tests.fakes.one_time_passwords import FakeOneTimePasswords

CALLER = Caller("192.0.2.1", "request", officer="administrator")


def test_a_made_password_suits_every_directory_and_the_telephone() -> None:
    passwords = [made() for _ in range(300)]
    assert len(set(passwords)) == 300
    for one in passwords:
        assert re.fullmatch(r"[A-HJKMNP-Z][a-hjkmnp-z2-9]{3}(-[a-hjkmnp-z2-9]{4}){3}", one), one
        assert any(c.isdigit() for c in one)
        assert any(c.islower() for c in one)


def test_asvs_6_4_1_it_is_good_for_its_time_and_known_for_what_it_is_afterwards() -> None:
    clock, store = FakeClock(), FakeOneTimePasswords()
    desk = OneTimePasswords(store, clock, lifetime_seconds=3600)
    one = desk.make("uuid", sub="s", caller=CALLER)
    assert one.expires_at == clock.now() + 3600
    assert desk.standing("uuid", one.password) == "good"
    assert desk.standing("another", one.password) == desk.standing("uuid", one.password + "x") == ""
    clock.advance(3599)
    assert desk.standing("uuid", one.password) == "good"
    clock.advance(1)
    assert desk.standing("uuid", one.password) == "over"
    clock.advance(10**8)
    assert desk.standing("uuid", one.password) == "over"
    desk.changed("uuid")
    assert desk.standing("uuid", one.password) == ""


def test_an_earlier_one_stays_known_when_another_is_made() -> None:
    clock = FakeClock()
    desk = OneTimePasswords(FakeOneTimePasswords(), clock, lifetime_seconds=60)
    first = desk.make("uuid", sub="s", caller=CALLER)
    clock.advance(50)
    second = desk.make("uuid", sub="s", caller=CALLER)
    clock.advance(20)
    assert [desk.standing("uuid", one.password) for one in (first, second)] == ["over", "good"]


def test_security_61_the_record_says_who_made_it_and_holds_no_password() -> None:
    store = FakeOneTimePasswords()
    one = OneTimePasswords(store, FakeClock(), lifetime_seconds=60).make("uuid", sub="s", caller=CALLER)
    (record,) = store.audit.records
    assert (record.event, record.sub, record.detail["by_officer"]) == ("password.reset", "s", "administrator")
    assert one.password not in record.detail_json()


def test_both_forms_of_unicode_are_one_password() -> None:
    assert digest_of("a", unicodedata.normalize("NFD", "Mật khẩu")) == digest_of("a", unicodedata.normalize("NFC", "Mật khẩu"))
    assert digest_of("a", "\ud800") != digest_of("a", "")
