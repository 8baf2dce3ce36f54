"""RFC 3161: time-stamps as OpenSSL verifies them, refusals, the signer, and an answer for whatever is sent."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, tsp
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.adapters.sql.database import Database
from idp.audit import AuditEvent
from idp.audit.days import DayHead
from idp.errors import UnavailableError
from idp.pki.authority.ports import Reason
from idp.pki.timestamp.asking import stamped
from idp.pki.timestamp.service import PLACE, RENEW_SECONDS, TimeStamps
from idp.pki.timestamp.token import TimeStampAnswer
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.sealer import FakeSealer
from tests.pki.authority.house import ADDRESSES, CALLER, run
from tests.pki.status.house import House as Status

POLICY = f"{ADDRESSES.policy_arc}.100"
LENGTHS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


class House(Status):
    """An authority that stamps."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.audit = FakeAuditTrail()
        self.stamps = self.another()
        self.stamps.make_signer(CALLER)

    def another(self, *, offered: bool = True) -> TimeStamps:
        return TimeStamps(self.store, self.status, self.issuance, FakeSealer(), self.audit, self.clock,
                          organization="Tỉnh Hậu Giang", policy=POLICY, accuracy_seconds=1, offered=offered)

    def ask(self, content: bytes) -> Any:
        """Answer; read as asn1crypto has it, whatever it is."""
        return TimeStampAnswer.load(self.stamps.answer(content, CALLER), strict=True)["status"]


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def question(algorithm: str = "sha256", *, length: int | None = None, **more: Any) -> bytes:
    made: bytes = tsp.TimeStampReq({"version": "v1", "message_imprint": {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}),
        "hashed_message": b"\x07" * (LENGTHS[algorithm] if length is None else length)}, **more}).dump()
    return made


def said(answer: bytes) -> dict[str, Any]:
    """Read what was stamped."""
    token = tsp.TimeStampResp.load(answer)["time_stamp_token"]["content"]
    return dict(token["encap_content_info"]["content"].parsed.native)


def test_openssl_verifies_a_time_stamp(house: House, tmp_path: Path) -> None:
    document, asked, answer = tmp_path / "document", tmp_path / "asked.tsq", tmp_path / "answer.tsr"
    document.write_bytes("Quyết định số 1".encode())
    root = tmp_path / "root.pem"
    chain = house.issuance.chain(house.issuance.authority())
    root.write_bytes(chain[-1].public_bytes(Encoding.PEM))
    issuing = tmp_path / "issuing.pem"
    issuing.write_bytes(chain[0].public_bytes(Encoding.PEM))
    at = datetime.fromtimestamp(house.clock.now(), UTC)
    for digest in ("-sha256", "-sha384", "-sha512"):
        for certificate in (("-cert",), ()):
            run("openssl", "ts", "-query", "-data", document, digest, *certificate, "-out", asked)
            answer.write_bytes(house.stamps.answer(asked.read_bytes(), CALLER))
            signer = tmp_path / "signer.pem"
            found = house.stamps.signer()
            assert found is not None
            (tmp_path / "signer.der").write_bytes(found.certificate)
            run("openssl", "x509", "-inform", "DER", "-in", tmp_path / "signer.der", "-out", signer)
            untrusted = (issuing,) if certificate else (signer,)
            if not certificate:
                signer.write_bytes(signer.read_bytes() + issuing.read_bytes())
            attime = ("-attime", str(house.clock.now()))
            verified = run("openssl", "ts", "-verify", "-in", answer, "-queryfile", asked, "-CAfile", root, "-untrusted",
                           *untrusted, *attime)
            assert verified.startswith("0\n"), verified
            assert "Verification: OK" in verified
            held = tsp.TimeStampResp.load(answer.read_bytes())["time_stamp_token"]["content"]["certificates"]
            assert bool(len(held)) is bool(certificate)
    info = said(answer.read_bytes())
    assert (info["gen_time"], info["policy"], info["accuracy"]["seconds"]) == (at, POLICY, 1)
    document.write_bytes(b"another")
    assert "FAILED" in run("openssl", "ts", "-verify", "-in", answer, "-data", document, "-CAfile", root, "-untrusted", signer)


def test_rfc3161_2_4_2_nonce_and_numbers(house: House) -> None:
    stamped = [said(house.stamps.answer(question(nonce=number), CALLER)) for number in (1, 2**64 - 1, 0)]
    assert [one["nonce"] for one in stamped] == [1, 2**64 - 1, 0]
    assert said(house.stamps.answer(question(), CALLER))["nonce"] is None
    numbers = {said(house.stamps.answer(question(), CALLER))["serial_number"] for _ in range(200)}
    assert len(numbers) == 200
    assert all(0 < number < 2**159 for number in numbers)


REFUSED = [
    (question("sha1"), "bad_alg"), (question(length=31), "bad_data_format"), (question("sha512", length=0), "bad_data_format"),
    (question(req_policy="1.2.3.4"), "unaccepted_policy"), (question(nonce=1 << 256), "bad_request"),
    (question(extensions=[{"extn_id": "1.2.3", "critical": True, "extn_value": b"\x05\x00"}]), "unaccepted_extensions"),
    (question().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1), "bad_request"), (question() + b"\x00", "bad_data_format"),
    (b"", "bad_data_format"), (b"\x30" * 5000, "bad_data_format"), (b"\x30\x80" * 2000, "bad_data_format")]


def test_rfc3161_2_4_2_what_is_not_stamped(house: House, tmp_path: Path) -> None:
    for asked, why in REFUSED:
        answer = house.ask(asked)
        assert (answer["status"].native, answer["fail_info"].native) == ("rejection", {why}), asked
        assert answer["status_string"].native
    assert house.audit.records == []
    (tmp_path / "answer.tsr").write_bytes(house.stamps.answer(question("sha1"), CALLER))
    shown = run("openssl", "ts", "-reply", "-in", tmp_path / "answer.tsr", "-text")
    assert "Status: Rejected." in shown
    assert "unrecognized or unsupported algorithm" in shown


def test_our_policy_may_be_named(house: House) -> None:
    assert said(house.stamps.answer(question(req_policy=POLICY), CALLER))["policy"] == POLICY


def test_security_61_each_has_its_record_and_without_it_there_is_none(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    info = said(house.stamps.answer(question(), CALLER._replace(client_id="ky-so", officer="sub-1")))
    record = house.audit.records[-1]
    assert (record.event, record.client_id, record.sub) == (AuditEvent.TIME_STAMPED, "ky-so", "sub-1")
    assert record.detail == {"serial": f"{info['serial_number']:x}", "algorithm": "sha256", "imprint": "07" * 32}

    def away(record: Any) -> None:
        raise UnavailableError("The database is away.", dependency="database")

    monkeypatch.setattr(house.audit, "record", away)
    with pytest.raises(UnavailableError):
        house.stamps.answer(question(), CALLER)


def test_the_signer_is_replaced_in_time_and_its_key_with_it(house: House) -> None:
    first = house.stamps.signer()
    assert first is not None
    assert house.stamps.renew_due(CALLER) == 0
    house.clock.advance(first.not_after - house.clock.now() - RENEW_SECONDS + 1)
    assert house.stamps.renew_due(CALLER) == 1
    second = house.stamps.signer()
    assert second is not None
    assert second.serial != first.serial
    assert house.status.signer(PLACE) == second
    assert house.stamps.renew_due(CALLER) == 0


def test_a_signer_whose_key_opens_no_more_signs_nothing_and_is_replaced(house: House) -> None:
    signer = house.stamps.signer()
    assert signer is not None
    house.status.put_signer(replace(signer, sealed_key=b"1|under a key that was lost|x"))
    house.clock.advance(61)
    assert house.ask(question())["fail_info"].native == {"time_not_available"}
    assert (house.stamps.renew_due(CALLER), house.stamps.renew_due(CALLER)) == (1, 0)
    assert house.ask(question())["status"].native == "granted"


def test_a_revoked_signer_signs_nothing(house: House) -> None:
    assert house.stamps.offered()
    signer = house.stamps.signer()
    assert signer is not None
    house.issuance.revoke(signer.serial, Reason.KEY_COMPROMISE, CALLER)
    house.clock.advance(61)
    assert not house.stamps.offered()
    assert house.ask(question())["fail_info"].native == {"time_not_available"}
    house.stamps.make_signer(CALLER)
    assert house.ask(question())["status"].native == "granted"


def test_without_a_signer_or_switched_off_nothing_is_offered(house: House) -> None:
    assert not house.another(offered=False).offered()
    signer = house.stamps.signer()
    assert signer is not None
    house.clock.advance(signer.not_after - house.clock.now())
    assert not house.another().offered()


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_security_43_whatever_is_sent_is_answered(house: House, data: Any) -> None:
    asked = bytearray(question(nonce=77, cert_req=True, req_policy=POLICY))
    if data.draw(st.booleans()):
        for _ in range(data.draw(st.integers(1, 4))):
            asked[data.draw(st.integers(0, len(asked) - 1))] = data.draw(st.integers(0, 255))
    else:
        asked = bytearray(data.draw(st.binary(max_size=80)))
    answer = house.ask(bytes(asked))
    assert answer["status"].native in {"granted", "rejection"}


def test_the_head_of_a_day_is_stamped_as_openssl_verifies_it_and_not_where_nobody_stamps(house: House, tmp_path: Path) -> None:
    head = DayHead(day="2023-11-14", chain=4711, number=12, hash=b"h" * 32, taken_at=house.clock.now())
    digest = hashlib.sha256(head.document).digest()
    answer = stamped(house.stamps, digest, CALLER)
    chain = house.issuance.chain(house.issuance.authority())
    files = {"root.pem": chain[-1].public_bytes(Encoding.PEM), "issuing.pem": chain[0].public_bytes(Encoding.PEM),
             "head.json": head.document, "head.tsr": answer}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    run("openssl", "ts", "-verify", "-data", tmp_path / "head.json", "-in", tmp_path / "head.tsr", "-CAfile",
        tmp_path / "root.pem", "-untrusted", tmp_path / "issuing.pem", "-attime", str(house.clock.now()))
    assert stamped(house.another(offered=False), digest, CALLER) == b""
    assert stamped(house.stamps, b"short", CALLER) == b"", "a refusal is no time-stamp"
