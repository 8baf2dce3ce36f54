"""Lists go out once and stay as they went; every certificate that ever came is kept; one number, one certificate, one key."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import subprocess
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import RSAKey
from sqlalchemy import select

from idp.adapters.crl_files import CrlFiles
from idp.adapters.sheets import SheetFiles
from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.government import SEEN, SqlBatches, SqlSeenCertificates
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.jose.keyset import SigningKey
from idp.pki.authority.csr import fingerprint
from idp.pki.authority.ports import CertificateAuthority, Letter, Wanted
from idp.pki.authority.subject import Subject
from idp.pki.government import batch as batches
from idp.pki.government.authority import GovernmentAuthority
from idp.pki.government.chain import PublishedChain
from idp.pki.government.ports import Batch
from idp.pki.government.received import UnfitError
from tests.audit_desk import events_of
from tests.fakes.clock import FakeClock
from tests.fakes.sealer import FakeSealer

from .chain import Government, key, name

CALLER = Caller("192.0.2.7", "r-1")
LETTER = Letter(batch="20261127-5f2c9a10", document="12/STTTT", by="sub-desk")
KEY = RSAKey.generate_key(2048)
SHEETS = SheetFiles()


def wish(number: int, **more: Any) -> Wanted:
    mail, who = f"canbo{number}@haugiang.gov.vn", f"Nguyễn Văn {chr(64 + number)}"
    return Wanted(number=f"2026-0000000{number}", profile="officer_signing", holder=f"sub-{number}", unit_code="H30.11",
                  subject=Subject(name=who, organization="Tỉnh Hậu Giang", mail=mail),
                  facts={"name": who, "mail": mail, "identity_number": f"09308000000{number}", "birth_date": "1980-09-05",
                         "unit_name": "Sở Y tế", "title": "Chuyên viên"}, **more)


class House:
    """The Government's authority over a database."""

    def __init__(self, database: Database, *, chain: bool = True) -> None:
        self.database, self.clock = database, FakeClock()
        self.government = Government(self.clock.moment())
        self.batches, self.seen = SqlBatches(database), SqlSeenCertificates(database)
        self.others: set[str] = set()
        self.authority = GovernmentAuthority(
            self.batches, self.seen, PublishedChain(self.government.chain if chain else [], CrlFiles(None)),
            SimpleNamespace(signing=lambda alg: SigningKey("kid-1", alg, KEY)), FakeSealer(), SHEETS, self.clock,
            listed=lambda _: False, own=lambda spki, holder: spki in self.others)

    def der(self, wanted: Wanted, number: int = 10, **more: Any) -> bytes:
        return self.government.der(wanted.subject.name, wanted.subject.mail, number, **more)

    def why(self, wanted: Wanted, der: bytes, *, dry: bool = False) -> str:
        with pytest.raises(UnfitError) as refused:
            self.authority.receive(wanted, der, dry=dry)
        return refused.value.code

    def kept(self) -> dict[bytes, str]:
        return {bytes(row.der): row.verdict for row in self.database.read(select(SEEN)).all()}


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {one: bundle.read(one) for one in bundle.namelist()}


def test_a_list_goes_out_signed_and_stays_byte_for_byte_as_it_went(house: House, tmp_path: Path) -> None:
    authority: CertificateAuthority = house.authority
    request = x509.CertificateSigningRequestBuilder().subject_name(name("x")).sign(key(9), SHA256()).public_bytes(Encoding.DER)
    assert authority.request(LETTER, [wish(1), wish(2, request=request)], CALLER) == {}
    content = house.authority.file(LETTER.batch)
    assert content is not None
    assert authority.request(replace(LETTER, document="13"), [wish(3)], CALLER) == {}
    house.clock.advance(86400)
    assert house.authority.file(LETTER.batch) == content
    assert house.authority.file("20261127-00000000") is None
    files = parts(content)
    assert set(files) == {"signer.pem", "csr/2026-00000002.csr",
                          *(f"mau01-{LETTER.batch}.{end}" for end in ("csv", "xlsx", "jws"))}
    assert files["csr/2026-00000002.csr"] == request
    assert [row[3] for row in SHEETS.read(files[f"mau01-{LETTER.batch}.csv"])[1:]] == ["093080000001", "093080000002"]
    header, payload, signature = (
        base64.urlsafe_b64decode(part + "==") for part in files[f"mau01-{LETTER.batch}.jws"].decode().split("."))
    assert json.loads(header) == {"alg": "PS256", "kid": "kid-1", "typ": "certificate-batch+jwt"}
    said = json.loads(payload)
    assert (said["batch"], said["document"], said["rows"], said["requests"]) == (
        LETTER.batch, "12/STTTT", 2, ["2026-00000001", "2026-00000002"])
    assert said["sha256"] == {file: hashlib.sha256(files[file]).hexdigest() for file in said["sha256"]}
    assert len(said["sha256"]) == 3
    assert b"0930800000" not in payload
    (tmp_path / "signer.pem").write_bytes(files["signer.pem"])
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "signed").write_bytes(files[f"mau01-{LETTER.batch}.jws"].rsplit(b".", 1)[0])
    verified = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-verify",
         "signer.pem", "-signature", "signature", "signed"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert verified.stdout == "Verified OK\n"
    assert len(events_of(house.database, "certificate_batch.signed")) == 1
    [shown] = house.authority.newest(10)
    assert (shown.number, shown.rows, shown.sealed) == (LETTER.batch, 2, b"")
    assert shown.sha256 == said["sha256"][f"mau01-{LETTER.batch}.csv"]
    assert house.authority.numbers(LETTER.batch) == ("2026-00000001", "2026-00000002")
    assert house.authority.numbers("x") == ()
    assert set(batches.lists(content)) == {"csv", "xlsx"}


def test_of_many_who_make_the_same_list_one_makes_it(house: House) -> None:
    threads = [threading.Thread(target=house.authority.request, args=(LETTER, [wish(n)], CALLER)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events_of(house.database, "certificate_batch.signed")) == 1
    assert len(house.authority.numbers(LETTER.batch)) == 1


def test_e6_every_certificate_that_came_is_kept_taken_or_not(house: House) -> None:
    good, wrong = house.der(wish(1)), house.der(wish(2), 11)
    assert house.authority.receive(wish(1), good, dry=True).der == good
    assert house.why(wish(1), wrong, dry=True) == "certificate_another_mail"
    assert house.kept() == {}
    for _ in range(2):
        assert house.authority.receive(wish(1), good, dry=False).der == good
        assert house.why(wish(1), wrong) == "certificate_another_mail"
        assert house.why(wish(1), b"none") == "certificate_unreadable"
    assert house.kept() == {good: "", wrong: "certificate_another_mail", b"none": "certificate_unreadable"}
    assert house.authority.receive(wish(2), wrong, dry=False)
    assert house.kept()[wrong] == ""
    assert house.why(wish(1), wrong) == "certificate_another_mail"
    assert house.kept()[wrong] == ""


def test_without_a_chain_nothing_is_taken_and_everything_kept(database: Database) -> None:
    house = House(database, chain=False)
    der = house.der(wish(1))
    assert house.why(wish(1), der) == "no_chain"
    assert house.kept() == {der: "no_chain"}


def test_rfc5280_s4_1_2_2_a_number_of_an_issuer_is_one_certificates(house: House) -> None:
    first, second = (house.der(wish(1), number, serial=0x5401) for number in (10, 11))
    assert house.authority.receive(wish(1), first, dry=False)
    for dry in (True, False):
        assert house.why(wish(1), second, dry=dry) == "certificate_serial_twice"
    assert house.authority.receive(wish(1), first, dry=False).serial == "5401"
    assert house.kept()[second] == "certificate_serial_twice"


def test_of_many_certificates_with_one_number_one_has_it(house: House) -> None:
    ders = [house.der(wish(1), 10 + number, serial=0x77) for number in range(6)]
    taken: list[bytes] = []

    def receive(der: bytes) -> None:
        with contextlib.suppress(UnfitError):
            taken.append(house.authority.receive(wish(1), der, dry=False).der)

    threads = [threading.Thread(target=receive, args=(der,)) for der in ders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert len(house.kept()) == 6


def test_a_key_is_one_holders(house: House) -> None:
    assert house.authority.receive(wish(1), house.der(wish(1)), dry=False)
    assert house.authority.receive(wish(1), house.der(wish(1)), dry=False)
    assert house.why(wish(2), house.der(wish(2))) == "certificate_key_known"
    assert house.authority.receive(wish(2), house.der(wish(2), 11), dry=False)
    house.others.add(fingerprint(key(12).public_key()))
    assert house.why(wish(3), house.der(wish(3), 12)) == "certificate_key_known"


def test_lists_that_went_out_are_turned_forward_and_back_by_when_they_were_made(database: Database) -> None:
    store = SqlBatches(database)
    for number, made_at in (("a", 1), ("b", 2), ("c", 2), ("d", 3)):
        store.keep(Batch(number=number, document="1", made_at=made_at, made_by="s", rows=1, sha256="", signature="", sealed=b"x"),
                   AuditRecord(AuditEvent.BATCH_SIGNED, made_at))

    def names(**place: Any) -> str:
        return "".join(one.number for one in store.newest(2, **place))

    assert (names(), names(after=(2, "c")), names(after=(1, "a"))) == ("dc", "ba", "")
    assert (names(before=(1, "a")), names(before=(2, "b")), names(before=(3, "d"))) == ("cb", "dc", "")
