"""Certificates as other programs see them, and what a death at any point leaves behind; on both databases."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.ca_software import SoftwareKeys
from idp.adapters.key_files import write_once
from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.errors import ConfigurationError, RefusedError
from idp.notices import NoticeKind
from idp.pki.authority import csr
from idp.pki.authority.ports import Reason, Status
from idp.pki.authority.profile import PROFILES
from idp.pki.authority.subject import Subject
from tests.audit_desk import events_of

from . import dying
from .house import CALLER, OFFICER, SERVER, House, request, run

LEAVES = sorted(name for name in PROFILES if name not in {"root", "issuing"})


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def refused(do: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as err:
        do()
    return err.value.code


def lint(path: Path) -> str:
    return run(Path(sys.executable).parent / "lint_pkix_cert", "lint", "-s", "NOTICE", path).strip()


def test_two_tiers_and_the_root_key_is_not_kept(house: House, tmp_path: Path) -> None:
    made = house.founded()
    assert [(one.name, one.kind, one.issuer) for one in house.store.authorities()] == [("root", "root", "root"), ("pilot",
                                                                                                                  "issuing",
                                                                                                                  "root")]
    assert [path.name for path in (tmp_path / "ca").iterdir()] == ["pilot.pem"]
    assert oct((tmp_path / "ca" / "pilot.pem").stat().st_mode & 0o777) == "0o600"
    assert refused(lambda: house.issuance.found("second", CALLER, root_key=None)) == "root_key_needed"
    assert refused(lambda: house.issuance.found("second", CALLER,
                                                root_key=ec.generate_private_key(ec.SECP384R1()))) == "another_root"
    assert refused(lambda: house.issuance.found("pilot", CALLER, root_key=made.root_key)) == "name_taken"
    assert house.issuance.found("second", CALLER, root_key=made.root_key).issuing.name == "second"
    assert house.issuance.authority().name == "second"
    assert house.issuance.authority("pilot").name == "pilot"


def test_without_an_authority_it_says_what_to_run(house: House) -> None:
    with pytest.raises(ConfigurationError, match="no certification authority"):
        house.issue()


@pytest.mark.parametrize("profile", LEAVES)
def test_openssl_and_pkilint_find_nothing(house: House, profile: str, tmp_path: Path, database: Database) -> None:
    house.founded()
    leaf, issuing, root = house.files(house.issue(profile))
    purpose = {"officer_signing": "any", "agency_seal": "any", "ocsp_signer": "ocsphelper", "time_stamp_signer": "timestampsign",
               "tls_server": "sslserver"}.get(profile, "sslclient")
    said = run("openssl", "verify", "-x509_strict", "-policy_check", "-purpose", purpose, "-attime", str(house.clock.now()),
               "-CAfile", root, "-untrusted", issuing, leaf)
    assert said.endswith(": OK\n"), said
    if database.is_sqlite:  # what is linted is the same whatever the database
        assert lint(leaf) == "0"


def test_pkilint_finds_nothing_in_the_authorities(house: House) -> None:
    house.founded()
    _, issuing, root = house.files(house.issue())
    assert (lint(issuing), lint(root)) == ("0", "0")


def test_security_48_names_come_from_the_directory_and_never_from_the_request(house: House) -> None:
    house.founded()
    asked = csr.read(request(ec.generate_private_key(ec.SECP256R1()), name="Chủ tịch tỉnh"))
    made = house.issue(public_key=asked.public_key).certificate
    assert "Chủ tịch" not in made.subject.rfc4514_string()
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.digital_signature


def test_an_officer_without_a_mailbox_gets_none(house: House) -> None:
    house.founded()
    assert refused(lambda: house.issue(subject=replace(OFFICER, mail=""))) == "incomplete"
    assert refused(lambda: house.issue("nothing")) == "unknown_profile"
    assert refused(lambda: house.issue("issuing")) == "unknown_profile"
    assert refused(lambda: house.issue(authority="other")) == "unknown_authority"


def test_security_49_keys_reused_revoked_and_our_own(house: House) -> None:
    house.founded()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    first = house.issue(public_key=key)
    assert house.issue(public_key=key).record.serial != first.record.serial  # its holder renews with the same key
    assert refused(lambda: house.issue(public_key=key, holder="sub-2")) == "key_reused"
    assert refused(lambda: house.issue("officer_authentication", public_key=key)) == "key_reused"
    house.issuance.revoke(first.record.serial, Reason.KEY_COMPROMISE, CALLER)
    assert refused(lambda: house.issue(public_key=key)) == "key_revoked"
    ours = x509.load_der_x509_certificate(house.issuance.authority().certificate).public_key()
    assert refused(lambda: house.issue(public_key=ours)) == "weak_key"


def test_validity_is_within_the_issuers_and_the_profiles(house: House) -> None:
    house.founded()
    assert (house.issue(days=10).record.not_after - house.clock.now()) == 10 * 86400
    assert (house.issue(days=9999).record.not_after - house.clock.now()) == 365 * 86400
    house.clock.advance(9 * 365 * 86400 + 200 * 86400)
    made = house.issue().certificate
    assert made.not_valid_after_utc == x509.load_der_x509_certificate(house.issuance.authority().certificate).not_valid_after_utc


def test_security_50_serial_numbers_are_long_random_and_once(house: House) -> None:
    house.founded()
    numbers: list[str] = []

    def issue() -> None:
        numbers.extend(house.issue().record.serial for _ in range(5))

    threads = [threading.Thread(target=issue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 20
    assert all(64 < int(number, 16).bit_length() < 160 for number in numbers)
    assert all(house.store.find("pilot", number).state == "issued" for number in numbers)  # type: ignore[union-attr]


def test_a_number_that_was_used_is_used_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.founded()
    first = house.issue().record
    monkeypatch.setattr("idp.pki.authority.issuance.random_serial", lambda: int(first.serial, 16))
    assert refused(house.issue) == "changed"
    assert house.store.find("pilot", first.serial) == first


def test_revoked_suspended_and_back(house: House, database: Database) -> None:
    house.founded()
    one = house.issue().record
    held = house.issuance.revoke(one.serial, Reason.CERTIFICATE_HOLD, CALLER)
    assert (held.status, held.revoked_at) == (Status.SUSPENDED, house.clock.now())
    assert house.issuance.restore(one.serial, CALLER) == one
    assert refused(lambda: house.issuance.restore(one.serial, CALLER)) == "not_suspended"
    house.clock.advance(60)
    gone = house.issuance.revoke(one.serial, Reason.KEY_COMPROMISE, CALLER)
    assert (gone.status, gone.reason, gone.revoked_at) == (Status.REVOKED, "key_compromise", house.clock.now())
    for again in (Reason.SUPERSEDED, Reason.CERTIFICATE_HOLD):
        assert refused(lambda again=again: house.issuance.revoke(one.serial, again,
                                                                 CALLER)) == "already_revoked"  # type: ignore[misc]
    assert refused(lambda: house.issuance.restore(one.serial, CALLER)) == "not_suspended"
    assert refused(lambda: house.issuance.revoke("abc", Reason.SUPERSEDED, CALLER)) == "unknown_certificate"
    assert [found.serial for found in house.store.revoked("pilot", 0, house.clock.now())] == [one.serial]
    assert house.store.revoked("pilot", 0, one.not_after) == []
    assert [len(events_of(database, f"certificate.{what}")) for what in ("issued", "revoked", "restored")] == [1, 2, 1]


def test_a_suspended_one_may_be_revoked_and_keeps_its_day(house: House) -> None:
    house.founded()
    one = house.issue().record
    since = house.issuance.revoke(one.serial, Reason.CERTIFICATE_HOLD, CALLER).revoked_at
    house.clock.advance(3600)
    gone = house.issuance.revoke(one.serial, Reason.CESSATION_OF_OPERATION, CALLER)
    assert (gone.status, gone.revoked_at) == (Status.REVOKED, since)


def test_security_52_numbers_of_lists_only_grow(house: House) -> None:
    house.founded()
    numbers: list[int] = []

    def take() -> None:
        numbers.extend(house.store.next_crl_number("pilot", 0) for _ in range(10))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 41))
    assert house.store.next_crl_number("pilot", 1_700_000_000) == 1_700_000_000  # after a restore
    assert house.store.next_crl_number("pilot", 0) == 1_700_000_001


def test_a_new_list_after_so_many_certificates(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.founded()
    monkeypatch.setattr("idp.adapters.sql.pki.certificates.SHARD_SIZE", 2)
    shards = [house.issue() for _ in range(5)]
    assert [one.record.shard for one in shards] == [0, 0, 1, 1, 2]
    points = shards[4].certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == "http://pki.haugiang.example/crl/pilot-2.crl"  # type: ignore[index]


def test_a_key_that_is_not_the_authoritys_or_is_open_to_others(house: House, tmp_path: Path) -> None:
    house.founded()
    path = tmp_path / "ca" / "pilot.pem"
    kept = path.read_bytes()
    path.chmod(0o644)
    with pytest.raises(ConfigurationError):
        house.issue()
    path.chmod(0o600)
    SoftwareKeys(tmp_path / "other" / "ca", write_once).make("pilot")
    shutil.copy(tmp_path / "other" / "ca" / "pilot.pem", path)
    with pytest.raises(ConfigurationError, match="is not the key"):
        house.issue()
    path.write_bytes(kept)
    assert house.issue().record.state == "issued"


def test_f_a_death_leaves_no_unrecorded_certificate_and_no_number_twice(house: House, database: Database) -> None:
    """A process is killed between intent and signature, or between signature and record; what it had never left it."""
    house.founded()
    url = database.url.render_as_string(hide_password=False)
    kills = 4
    died = run(sys.executable, dying.__file__, url, house.folder, "fake", f"{dying.SIGNATURE}=2", f"{dying.RECORD}=2")
    assert died.splitlines() == ["0", *[f"-9 {dying.SIGNATURE}"] * 2, *[f"-9 {dying.RECORD}"] * 2]
    rows = house.store.key_used(DYING)
    assert [row.state for row in rows] == ["intended"] * kills
    assert len({row.serial for row in rows}) == kills
    assert all(not row.der for row in rows)
    assert house.issuance.settle() == 0
    house.clock.advance(601)
    assert house.issuance.settle() == kills
    assert house.issuance.settle() == 0
    assert {row.state for row in house.store.key_used(DYING)} == {"failed"}
    assert all(house.issuance.find(row.serial) is None for row in rows)
    assert house.issue().record.serial not in {row.serial for row in rows}


DYING = csr.fingerprint(ec.derive_private_key(4711, ec.SECP256R1()).public_key())


def test_what_was_settled_is_not_recorded_afterwards(house: House) -> None:
    house.founded()
    sign = house.keys.sign

    def slowly(authority: Any, what: Any) -> Any:
        house.clock.advance(601)
        assert house.issuance.settle() == 1
        return sign(authority, what)

    house.issuance._signer = type("Slow", (), {"sign": staticmethod(slowly)})()
    assert refused(house.issue) == "changed"


def test_the_store_keeps_what_it_was_given(house: House) -> None:
    house.founded()
    made = house.issue()
    assert house.store.find("pilot", made.record.serial) == made.record
    assert made.record.der == made.certificate.public_bytes(Encoding.DER)
    assert [one.serial for one in house.store.of_holder("sub-1")] == [made.record.serial]
    assert house.store.of_holder("") == []
    assert os.path.exists(house.folder)


def test_another_process_that_fills_a_shard_is_seen_in_time(house: House, database: Database,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every certificate is counted; each process still goes on to the next shard soon after the last one is full."""
    monkeypatch.setattr("idp.adapters.sql.pki.certificates.SHARD_SIZE", 32)
    house.founded()
    other = House(database, house.folder)
    shards = [(house, other)[number % 2].issue().record.shard for number in range(80)]
    sizes = [shards.count(shard) for shard in range(3)]
    assert shards == sorted(shards)
    assert all(32 <= size <= 34 for size in sizes[:2])
    assert house.store.shards("pilot") == 3


def test_revoked_and_found_whichever_authority_issued_it(house: House) -> None:
    key = house.founded().root_key
    old = house.issue().record
    house.issuance.found("second", CALLER, root_key=key)
    new = house.issue().record
    assert (old.authority, new.authority) == ("pilot", "second")
    assert house.issuance.find(old.serial) == old
    assert house.issuance.find(old.serial, "second") is None
    for one in (old, new):
        assert house.issuance.revoke(one.serial, Reason.CERTIFICATE_HOLD, CALLER).status is Status.SUSPENDED
        assert house.issuance.restore(one.serial, CALLER) == one
    assert refused(lambda: house.issuance.revoke(old.serial, Reason.SUPERSEDED, CALLER,
                                                 authority="second")) == "unknown_certificate"


@pytest.mark.parametrize("second", [{"holder": "sub-2"}, {"subject": replace(SERVER, name="khac.haugiang.example")}])
def test_security_49_one_key_at_the_same_moment_is_nobody_elses(house: House, monkeypatch: pytest.MonkeyPatch,
                                                                second: dict[str, Any]) -> None:
    house.founded()
    key, barrier = ec.generate_private_key(ec.SECP256R1()).public_key(), threading.Barrier(2)
    intend, told = house.store.intend, []

    def together(certificate: Any) -> bool:  # both have looked, and found nothing
        barrier.wait()
        return intend(certificate)

    monkeypatch.setattr(house.store, "intend", together)

    def issue(**changes: Any) -> None:
        try:
            house.issue("tls_client", public_key=key, one_subject=True, **changes)
            told.append("issued")
        except RefusedError as why:
            told.append(why.code)

    threads = [threading.Thread(target=issue, kwargs=changes) for changes in ({}, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "key_reused" in told
    assert told.count("issued") == sum(one.state == "issued" for one in house.store.key_used(
        csr.fingerprint(key))) <= 1
    monkeypatch.setattr(house.store, "intend", intend)
    if "issued" not in told:  # what came to nothing holds nobody up
        assert house.issue("tls_client", public_key=key, one_subject=True).record.state == "issued"


def test_security_49_an_intent_of_anothers_counts(house: House) -> None:
    house.founded()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = house.issuance.sign(house.order(public_key=key))
    assert refused(lambda: house.issue(public_key=key, holder="sub-2")) == "key_reused"
    assert [one.state for one in house.store.key_used(csr.fingerprint(key))] == ["intended", "failed"]
    assert house.issuance.record(other, CALLER).record.state == "issued"


@pytest.mark.parametrize("subject", [
    replace(OFFICER, uid="x" * 65), replace(OFFICER, name=" \t"), replace(OFFICER, name="A\u200bB"), replace(OFFICER, name="A\0"),
    replace(OFFICER, uid="a\n"), replace(OFFICER, organization="")])
def test_security_48_a_subject_that_no_certificate_can_say_is_refused(house: House, subject: Subject) -> None:
    house.founded()
    assert refused(lambda: house.issue(subject=subject)) == "bad_subject"
    assert refused(lambda: house.issue(subject=replace(OFFICER, mail="ă@x"))) == "incomplete"


def test_an_officer_is_told_of_each_certificate_and_nobody_of_others(house: House, database: Database) -> None:
    house.founded()
    one = house.issue().record
    house.issue(told=False)
    house.issue("tls_client")
    house.issue("agency_seal")
    house.issue("officer_signing", holder="")
    told, = SqlNotices(database).of("sub-1", limit=9)
    assert (told.kind, told.source, told.detail) == (NoticeKind.CERTIFICATE_ISSUED, CALLER.source, {"serial": one.serial})
    house.store.fail_intents(house.clock.now() + 1)
    late = house.issuance.sign(house.order())
    house.store.give_up("pilot", late.intent.serial)
    assert refused(lambda: house.issuance.record(late, CALLER)) == "changed"
    assert len(SqlNotices(database).of("sub-1", limit=9)) == 1


def test_what_was_issued_later_for_the_same(house: House) -> None:
    house.founded()
    first, second, third = (house.issue().record for _ in range(3))
    house.issue(subject=replace(OFFICER, name="Khác"))
    house.issue(holder="sub-2")
    house.issue("officer_authentication")
    assert [one.serial for one in house.issuance.successors(first)] == [second.serial, third.serial]
    house.issuance.revoke(third.serial, Reason.SUPERSEDED, CALLER)
    assert [one.serial for one in house.issuance.successors(first)] == [second.serial]
    assert house.issuance.successors(second) == []
