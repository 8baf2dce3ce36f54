"""RFC 5280 §5: lists as OpenSSL and pkilint read them, made when they say something new, with numbers that only grow."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.sql.database import Database
from idp.errors import ConfigurationError
from idp.pki.authority.ports import Reason
from tests.pki.authority.house import CALLER, run

from .house import House


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def current(house: House, authority: str = "pilot", shard: int = 0) -> x509.CertificateRevocationList:
    found = house.lists.find(authority, shard)
    assert found is not None
    return x509.load_der_x509_crl(found.der)


def verified(house: House, leaf: Path, issuing: Path, root: Path) -> str:
    lists = house.folder / "lists.pem"
    lists.write_bytes(b"".join(current(house, name).public_bytes(Encoding.PEM) for name in ("root", "pilot")))
    return run("openssl", "verify", "-x509_strict", "-crl_check_all", "-policy_check", "-attime", str(house.clock.now() + 5),
               "-CAfile", root, "-untrusted", issuing, "-CRLfile", lists, leaf)


def test_openssl_accepts_and_after_the_revocation_refuses(house: House) -> None:
    issued = house.issue()
    files = house.files(issued)
    assert verified(house, *files).endswith(": OK\n")
    house.issuance.revoke(issued.record.serial, Reason.KEY_COMPROMISE, CALLER)
    house.clock.advance(30)
    assert house.lists.make_due() == 1
    assert "certificate revoked" in verified(house, *files)


def test_pkilint_finds_nothing(house: House, database: Database) -> None:
    for reason in Reason:
        house.issuance.revoke(house.issue().record.serial, reason, CALLER)
    house.lists.make_due()
    for name in ("root", "pilot"):
        path = house.folder / f"{name}.crl.pem"
        path.write_bytes(current(house, name).public_bytes(Encoding.PEM))
        said = run(Path(sys.executable).parent / "lint_crl", "lint", "-t", "CRL", "-p", "PKIX", "-s", "NOTICE", path)
        assert said.strip() == "0", said


def test_what_it_says_of_each(house: House) -> None:
    serials = {}
    for reason in (Reason.UNSPECIFIED, Reason.SUPERSEDED, Reason.CERTIFICATE_HOLD):
        serials[reason] = house.issue().record.serial
        house.issuance.revoke(serials[reason], reason, CALLER)
    house.lists.make_due()
    entries = {one.serial_number: one for one in current(house)}
    assert set(entries) == {int(serial, 16) for serial in serials.values()}
    plain = entries[int(serials[Reason.UNSPECIFIED], 16)]
    assert not list(plain.extensions)
    held = entries[int(serials[Reason.CERTIFICATE_HOLD], 16)]
    assert held.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.certificate_hold
    assert int(held.revocation_date_utc.timestamp()) == house.clock.now()
    house.issuance.restore(serials[Reason.CERTIFICATE_HOLD], CALLER)
    house.lists.make_due()
    assert len(list(current(house))) == 2


def test_made_when_something_is_new_and_every_half_day(house: House) -> None:
    assert house.lists.make_due() == 0
    house.clock.advance(43_199)
    assert house.lists.make_due() == 0
    house.clock.advance(1)
    assert house.lists.make_due() == 1
    house.issuance.revoke(house.issue().record.serial, Reason.SUPERSEDED, CALLER)
    assert house.lists.make_due() == 1
    assert house.lists.make_due() == 0
    found = current(house)
    assert (found.next_update_utc - found.last_update_utc).total_seconds() == 86400  # type: ignore[operator]


def test_security_52_numbers_only_grow_also_after_a_restore(house: House) -> None:
    def number() -> int:
        return current(house).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    first = number()
    assert first >= house.clock.now() * 1000
    pilot = house.issuance.authority()
    numbers = [house.lists.make(pilot, 0).number for _ in range(3)]
    assert numbers == [first + 1, first + 2, first + 3]
    old = house.lists.find("pilot", 0)
    assert old is not None
    house.lists.make(pilot, 0)
    assert not house.status.put_list(old)  # an older one does not come back
    house.clock.advance(3600)
    assert house.lists.make(pilot, 0).number == house.clock.now() * 1000  # as after a restore that knows no later one


def test_who_has_ended_stays_for_a_day(house: House) -> None:
    issued = house.issue(days=1).record
    house.issuance.revoke(issued.serial, Reason.SUPERSEDED, CALLER)
    house.clock.advance(86400 + 3600)
    house.lists.make_due()
    assert len(list(current(house))) == 1
    house.clock.advance(86400)
    house.lists.make_due()
    assert len(list(current(house))) == 0


def test_parts_say_what_they_are_parts_of(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.adapters.sql.pki.certificates.SHARD_SIZE", 2)
    issued = [house.issue() for _ in range(3)]
    for one in issued:
        house.issuance.revoke(one.record.serial, Reason.SUPERSEDED, CALLER)
    house.lists.make_due()
    for shard in range(2):
        found = current(house, shard=shard)
        point = found.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        name = "pilot.crl" if shard == 0 else f"pilot-{shard}.crl"
        assert point.critical
        assert point.value.full_name[0].value == f"http://pki.haugiang.example/crl/{name}"  # type: ignore[index]
    listed = {entry.serial_number: shard for shard in range(2) for entry in current(house, shard=shard)}
    assert listed == {one.certificate.serial_number: one.record.shard for one in issued}


def test_a_key_that_is_away_keeps_no_other_authoritys_lists_back(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path, founded=False)
    key = house.founded().root_key
    house.issuance.found("second", CALLER, root_key=key)
    (tmp_path / "ca" / "pilot.pem").rename(tmp_path / "away.pem")
    house.keys._files._keys.clear()  # type: ignore[attr-defined]  # as after a restart
    house.clock.advance(86400)
    before = house.lists.find("second", 0)
    with pytest.raises(ConfigurationError):
        house.lists.make_due()
    after = house.lists.find("second", 0)
    assert before is not None
    assert after is not None
    assert after.number > before.number
