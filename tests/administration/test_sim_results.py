"""A province that has its SIMs certified by the Government's authority: lists out, the list of results in, by the API."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from idp.audit import AuditEvent, AuditRecord
from idp.errors import ConfigurationError
from idp.pki.forms import writing
from idp.pki.forms.catalogue import FORMS
from idp.settings import load
from idp.signing.sims.sim import AWAITED, GOVERNMENT, Act, Entry, Sim, SimChange, State
from tests.fakes.clock import FakeClock
from tests.pki.government.chain import DAY, Government, key

from .office import CALLER, IT, PLENTY, Office, carriers
from .test_enrollments import DOCUMENT, SHEETS, approved, joined, listed, take

CARDS = ("8984990000000000033", "8984990000000000041")


@pytest.fixture
def published(tmp_path: Path, database_url: str) -> Iterator[tuple[Office, Government]]:
    """An office whose SIMs a Government's authority of the test's own certifies."""
    government, now = Government(FakeClock().moment()), FakeClock().moment()
    for number, one in enumerate(government.chain):
        (tmp_path / f"{number}.cer").write_bytes(one.public_bytes(Encoding.DER))
    (tmp_path / "fingerprints.txt").write_text(
        "".join(f"{one.fingerprint(hashes.SHA256()).hex()}\n" for one in government.chain))
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "between.crl").write_bytes(government.revoked())
    root = x509.CertificateRevocationListBuilder(government.root.subject, now - DAY, now + 90 * DAY)
    (lists / "root.crl").write_bytes(root.sign(key(1), hashes.SHA256()).public_bytes(Encoding.DER))
    office = Office(database_url, rates=PLENTY, government_chain_dir=tmp_path, government_crl_dir=lists, mssp_file=carriers(),
                    sim_certificates="government")
    yield office, government
    office.close()


def with_card(office: Office, person: dict[str, str], iccid: str, desk: str = "") -> Sim:
    """Put a SIM there whose card was given."""
    rooms = office.services.mobile_signatures
    known = office.services.mirror.by_uid(person["mail"].split("@")[0])
    assert rooms is not None
    assert known is not None
    now = office.clock.now()
    sim = Sim(sim_id=f"sim-{iccid}", sub=known.sub, unit_code=IT, unit_name="Sở", msisdn=f"84{person['phone'][1:]}", since=now,
              name=person["name"], carrier=rooms.sims.carriers[0], created_at=now, requester=known.sub, iccid=iccid,
              state=State.CARD_GIVEN, owner_match=True)
    assert rooms.sims.store.add(SimChange(None, sim, Entry(sim.sim_id, 0, now, Act.GIVE_CARD, sim.state, desk)), AuditRecord(
        AuditEvent.SIM_MOVED, now, sub=known.sub, source=CALLER.source, request_id=CALLER.request_id, detail={}))
    return sim


def row(person: dict[str, str], certificate: x509.Certificate, iccid: str, **more: str) -> dict[str, str]:
    return {"name": person["name"], "mail": person["mail"], "serial": f"{certificate.serial_number:x}", "iccid": iccid,
            "not_before": certificate.not_valid_before_utc.date().isoformat(),
            "not_after": certificate.not_valid_after_utc.date().isoformat(), "phone": person["phone"],
            "certificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(), **more}


def sheet(rows: list[dict[str, str]]) -> bytes:
    return SHEETS.xlsx(writing.rows(FORMS["ket_qua_cap"], rows, hidden=True), "ket_qua_cap")


def get(office: Office, kind: str, to: str, token: str) -> Any:
    return office.call("GET", f"/sims/lists/{kind}?list_for={to}", token)


def test_cards_go_out_and_their_certificates_come_back_row_by_row(published: tuple[Office, Government]) -> None:
    office, government = published
    first, second = joined(office, 1), joined(office, 2)
    desk = office.officer("quantri", "quantri-tinh")
    sims = [with_card(office, person, card, desk) for person, card in zip((first, second), CARDS, strict=True)]
    rooms: Any = office.services.mobile_signatures
    province, agency, auditor = office.province(), office.agency(), office.auditor()
    assert get(office, "csv", "government", province).json["code"] == "nothing_to_send"
    rooms.sims.settle(CALLER, most=5)
    assert {office.call("GET", f"/sims/{one.sim_id}", province).json["reason"] for one in sims} == {AWAITED}
    out = SHEETS.read(get(office, "xlsx", "government", province).data)
    assert [(one[3], one[5]) for one in out[1:]] == [(first["phone"], CARDS[0]), (second["phone"], CARDS[1])]
    for token in (agency, auditor, office.machine()):
        assert get(office, "csv", "government", token).status_code == 403
    given = [office.call("GET", f"/sims/{sims[0].sim_id}", token).json["history"][0]["actor"] for token in (province, agency)]
    assert given == [desk, "outside"]  # as everywhere, an agency is not told who of the province it was
    assert get(office, "csv", "nobody", province).status_code == 400

    good = government.issue(first["name"], first["mail"], 10)
    wrong = government.issue(second["name"], first["mail"], 11)
    content = sheet([row(first, good, CARDS[0]), row(second, wrong, CARDS[1])])
    assert take(office, agency, content, "xlsx", form="ket_qua_cap").status_code == 403
    tried = take(office, province, content, "xlsx", form="ket_qua_cap").json
    assert (tried["good"], [(one["line"], one["reason"].split(".")[0]) for one in tried["problems"]]) == (
        1, [(3, "Thư công vụ trong chứng thư số khác với đề nghị")])
    assert {rooms.sims.store.find(one.sim_id).serial for one in sims} == {""}
    for already in (0, 1):
        taken = take(office, province, content, "xlsx", form="ket_qua_cap", dry_run="false").json
        assert (taken["good"], taken["already"], taken["bad"]) == (1, already, 1)
    found = [rooms.sims.store.find(one.sim_id) for one in sims]
    assert [(one.authority, one.serial) for one in found] == [(GOVERNMENT, f"{good.serial_number:x}"), ("", "")]
    right = government.issue(second["name"], second["mail"], 12)
    for more, why in (({"phone": "0912345699"}, "SIM này đi với số điện thoại khác"),
                      ({"mail": first["mail"]}, "SIM này của cán bộ khác"),
                      ({"certificate": ""}, "Dòng này chưa kèm chứng thư số"),
                      ({"serial": "77ab"}, "Số hiệu ghi ở dòng này khác"),
                      ({"not_after": "2039-01-01"}, "Ngày cấp hoặc ngày hết hạn")):
        refused = take(office, province, sheet([row(second, right, CARDS[1]) | more]), "xlsx", form="ket_qua_cap",
                       dry_run="false").json
        assert refused["problems"][0]["reason"].startswith(why), more
    assert take(office, office.machine(), sheet([row(second, right, CARDS[1])]), "xlsx", form="ket_qua_cap",
                dry_run="false").json["good"] == 1
    history = office.call("GET", f"/sims/{sims[1].sim_id}", province).json["history"]
    assert (history[-1]["act"], history[-1]["actor"]) == ("take_certificate", None)

    assert office.call("POST", f"/sims/{sims[0].sim_id}/acts", agency, {"act": "report_loss"}).json["state"] == "lost"
    withdrawn = get(office, "csv", "revocation", province)
    assert 'filename="mau05_thu_hoi.csv"' in withdrawn.headers["Content-Disposition"]
    lines = SHEETS.read(withdrawn.data)
    assert [(one[1], str(one[3]).lower(), one[4]) for one in lines[1:]] == [
        (first["name"], f"{good.serial_number:x}", "Mất thiết bị")]


def test_a_request_of_the_desk_beside_the_sim_is_answered_by_the_same_row(published: tuple[Office, Government]) -> None:
    office, government = published
    person = {**joined(office, 1), "sim_pki": "yes"}
    [number] = approved(office, [person])
    office.call("POST", "/enrollments/batches", office.province(), {"document": DOCUMENT})
    sim = with_card(office, person, CARDS[0])
    certificate = government.issue(person["name"], person["mail"], 10)
    wrong = sheet([row(person, certificate, CARDS[0], phone="0912345699")])
    assert take(office, office.province(), wrong, "xlsx", form="ket_qua_cap", dry_run="false").json["bad"] == 1
    assert {one["state"] for one in listed(office, office.province())} == {"sent_to_ca"}, "whole or not at all"
    content = sheet([row(person, certificate, CARDS[0])])
    for already in (0, 1):
        answer = take(office, office.province(), content, "xlsx", form="ket_qua_cap", dry_run="false").json
        assert (answer["good"], answer["already"]) == (1, already)
    one = office.call("GET", f"/enrollments/{number}", office.province()).json
    assert (one["state"], one["device_serial"], one["certificate_known"]) == ("issued", CARDS[0], True)
    rooms: Any = office.services.mobile_signatures
    assert rooms.sims.store.find(sim.sim_id).serial == f"{certificate.serial_number:x}"


def test_nobody_has_sims_certified_there_who_could_not_tell_how_the_certificates_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENV", "development"), ("ISSUER", "http://localhost:8000"), ("SIM_CERTIFICATES", "government")):
        monkeypatch.setenv(f"IDP_{name}", value)
    with pytest.raises(ConfigurationError, match="Nobody could tell"):
        load()
