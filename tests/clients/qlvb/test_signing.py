"""Signatures on documents through the remote signing API: pyHanko signs, poppler and OpenSSL look at it too."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from PIL import Image
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from qlvb import checking, remote, trust, upload
from qlvb.layout import POINTS_PER_MM, Layout
from qlvb.remote import NotSignedError, Remote, verification_code
from qlvb.signing import Desk, Order, Signed
from qlvb.trust import NoTrustError

from idp.signing.outcome import Outcome
from idp.signing.ports import IN_DOUBT
from idp.signing.transaction import DENIED, NOT_FETCHED, SIM_BLOCKED, STANDING_UNKNOWN
from tests.fakes.remote_signing import Card, RemoteSigning, not_yet, refusal

from .conftest import AGENCY, LEADER

CLERK = "Trần Thị Ví Dụ"


class House:
    """A leader and a clerk, each with an access token and a card."""

    def __init__(self, service: RemoteSigning, layout: Layout, document: bytes) -> None:
        service.cards.clear()
        service.revoked.clear()
        service.calls.clear()
        service.offers_services = service.tells_status = service.stamps = True
        self.service, self.layout = service, layout
        self.desk = Desk(layout, lambda: trust.learnt(service.url))
        self.order = Order(document, 1, "person", LEADER, "57/STTTT-CNTT", "V/v rà soát", "", datetime.now(UTC))
        self.codes: list[str] = []

    def leader(self, kind: str = "ec", name: str = LEADER) -> Card:
        return self.service.card("leader", name, kind, (NameOID.TITLE, "Giám đốc"))

    def clerk(self, kind: str = "ec") -> Card:
        return self.service.card("clerk", AGENCY, kind)

    def sign(self, order: Order, token: str) -> Signed:
        async def signed() -> Signed:
            async with aiohttp.ClientSession() as session:
                return await self.desk.sign(order, Remote(session, self.service.url, token), self.codes.append)

        return asyncio.run(signed())

    def both(self) -> bytes:
        first = self.sign(self.order, "leader")
        return self.sign(replace(self.order, pdf=first.pdf, role="seal", officer=CLERK, person=first.person), "clerk").pdf

    def findings(self, pdf: bytes) -> list[checking.Finding]:
        return list(asyncio.run(checking.check(pdf, trust.learnt(self.service.url))))


@pytest.fixture
def house(service: RemoteSigning, layout: Layout, document: bytes) -> House:
    return House(service, layout, document)


def _boxes(pdf: bytes) -> list[list[float]]:
    reader = PdfFileReader(BytesIO(pdf))
    return [[float(edge) / POINTS_PER_MM for edge in one.sig_field["/Rect"]] for one in reader.embedded_regular_signatures]


@pytest.fixture(scope="module")
def signed(service: RemoteSigning, layout: Layout, document: bytes) -> bytes:
    """A document that the leader has signed with an EC key, and the clerk sealed with an RSA key."""
    house = House(service, layout, document)
    house.leader("ec")
    house.clerk("rsa")
    return house.both()


def test_person_first_and_agency_second_and_both_hold(house: House, signed: bytes, tmp_path: Path) -> None:
    assert signed.startswith(house.order.pdf), "what was there stays as it was: an incremental update"
    assert upload.read(signed) == {"word": "signed"}, "and nobody begins with it anew"
    known = trust.learnt(house.service.url)
    house.service.calls.clear()
    findings = asyncio.run(checking.check(signed, known))
    assert [(one.signer, one.holds) for one in findings] == [(LEADER, True), (AGENCY, True)]
    assert all(one.at is not None for one in findings)
    assert house.service.calls == [], "the status of certificates is in the file, and nobody is asked"
    file, root = tmp_path / "signed.pdf", tmp_path / "root.pem"
    file.write_bytes(signed)
    root.write_bytes(house.service.root.public_bytes(Encoding.PEM))
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=True).stdout
    assert said.count("Signature is Valid.") == 2
    assert said.count("ETSI.CAdES.detached") == 2
    for number, one in enumerate(PdfFileReader(BytesIO(signed)).embedded_regular_signatures):
        content, cms = tmp_path / f"{number}.bin", tmp_path / f"{number}.der"
        pairs = zip(*[iter(one.byte_range)] * 2, strict=True)
        content.write_bytes(b"".join(signed[start:start + length] for start, length in pairs))
        cms.write_bytes(one.pkcs7_content)
        subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", content,
                        "-CAfile", root, "-purpose", "any", "-out", "/dev/null"], capture_output=True, check=True)


def test_signatures_hold_when_their_certificates_have_ended(house: House, signed: bytes) -> None:
    known = trust.learnt(house.service.url)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=4000), tick=False):
        assert [one.holds for one in asyncio.run(checking.check(signed, known))] == [True, True]


def test_a_card_that_signs_with_pss_alone_signs_so(house: House) -> None:
    house.leader("pss")
    assert [one.holds for one in house.findings(house.sign(house.order, "leader").pdf)] == [True]


@pytest.mark.parametrize("kind", ["Sig", "Tx"])
def test_a_field_that_waits_in_the_file_does_not_take_the_signature(house: House, kind: str, tmp_path: Path) -> None:
    """Adobe calls the first field of a form so: the leader's signature would stand in it, of no size, and be seen by nobody."""
    writer = IncrementalPdfFileWriter(BytesIO(house.order.pdf))
    field = DictionaryObject({pdf_name("/FT"): pdf_name(f"/{kind}"), pdf_name("/T"): TextStringObject("Signature1"),
                              pdf_name("/Subtype"): pdf_name("/Widget"),
                              pdf_name("/Rect"): ArrayObject(map(FloatObject, (0, 0, 0, 0)))})
    writer.root[pdf_name("/AcroForm")] = DictionaryObject({pdf_name("/Fields"): ArrayObject([writer.add_object(field)])})
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    house.leader()
    signed = house.sign(replace(house.order, pdf=out.getvalue()), "leader").pdf
    [box] = _boxes(signed)
    assert box[2] - box[0] == pytest.approx(45, abs=0.1)
    (tmp_path / "signed.pdf").write_bytes(signed)
    subprocess.run(["pdftoppm", "-r", "60", "-png", "-singlefile", tmp_path / "signed.pdf", tmp_path / "page"], check=True)
    colours = [colour for _, colour in Image.open(tmp_path / "page.png").convert("RGB").getcolors(1 << 24) or []]
    assert any(red < 60 and green < 60 and blue > 200 for red, green, blue in colours), "a blue signature is to be seen"


def test_the_seal_covers_a_third_of_the_persons_field(signed: bytes) -> None:
    person, seal = _boxes(signed)
    assert person[0] < seal[2] < person[2]
    picture = seal[0] + (seal[2] - seal[0]) / 2 + 18
    assert picture - person[0] == pytest.approx((person[2] - person[0]) / 3, abs=0.1)
    assert (person[0] + person[2]) / 2 == pytest.approx(153.75, abs=0.3), "above the name that was found"


def test_only_hashes_and_the_documents_name_leave(house: House) -> None:
    card = house.leader()
    signed = house.sign(house.order, "leader").pdf
    [asked] = card.asked
    assert set(asked) == {"credentialID", "hash", "numSignatures", "description", "clientData"}
    assert asked["description"] == "57/STTTT-CNTT - V/v rà soát"
    assert json.loads(base64.b64decode(asked["clientData"])) == {"dtbd": "57/STTTT-CNTT", "language": "vi"}
    [embedded] = PdfFileReader(BytesIO(signed)).embedded_regular_signatures
    digest = hashlib.sha256(embedded.signer_info["signed_attrs"].untag().dump()).digest()
    assert base64.b64decode(asked["hash"][0]) == digest
    assert house.codes == [verification_code(digest)]
    for path, body in house.service.calls:
        assert len(body) < 2000, path
        assert b"%PDF" not in body


def test_the_four_digits_are_those_of_the_published_examples() -> None:
    assert verification_code(bytes.fromhex("2f665f6a6999e0ef0752e00ec9f453adf59d8cb6")) == "1462"
    assert verification_code(bytes(32)) == "0000"
    assert verification_code(b"\xff" * 32) == "8191"


@pytest.mark.parametrize(("role", "kind", "lines"), [
    ("attachment", "", ["57/STTTT-CNTT", "T"]), ("copy", "SAO Y", ["SAO Y", AGENCY, "T"])])
def test_attachments_and_copies_carry_lines_in_the_corner(house: House, role: Any, kind: str, lines: list[str], tmp_path: Path,
                                                          ) -> None:
    house.clerk()
    at = datetime(2020, 5, 5, 2, 30, 15, tzinfo=UTC)
    signed = house.sign(replace(house.order, role=role, kind=kind, officer=CLERK, at=at), "clerk").pdf
    (tmp_path / "signed.pdf").write_bytes(signed)
    file = tmp_path / "signed.pdf"
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    shown = [line.replace("T", "05-05-2020T09:30:15+07:00") if line == "T" else line for line in lines]
    assert [line.strip() for line in text.splitlines() if line.strip()][:len(shown)] == shown
    [box] = _boxes(signed)
    assert box[0] > 105
    assert box[3] > 280
    assert all(one.holds for one in house.findings(signed))


def test_a_file_that_was_changed_does_not_hold(house: House, signed: bytes) -> None:
    at = house.order.pdf.index(b"Tm") + 1
    found = house.findings(signed[:at] + b"M" + signed[at + 1:])
    assert [one.holds for one in found] == [False, False]
    assert all("sửa" in one.sentence for one in found)


def test_what_is_added_beyond_signatures_does_not_hold(house: House, signed: bytes) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    writer.add_stream_to_page(0, writer.add_object(StreamObject(stream_data=b"0 0 99 99 re f")))
    out = BytesIO()
    writer.write(out)
    found = house.findings(out.getvalue())
    assert [one.holds for one in found] == [False, False]
    assert all("thay đổi" in one.sentence for one in found)


def test_a_certificate_of_strangers_is_not_believed(signed: bytes) -> None:
    other = RemoteSigning().start()
    try:
        first, _ = asyncio.run(checking.check(signed, trust.learnt(other.url)))
    finally:
        other.stop()
    assert (first.holds, first.signer) == (False, LEADER)
    assert "Chưa tin được" in first.sentence


def test_circular_15_2025_a_revoked_certificate_asks_no_phone(house: House) -> None:
    card = house.leader()
    house.service.revoked.add(card.certificate.serial_number)
    with pytest.raises(NotSignedError) as raised:
        house.sign(house.order, "leader")
    assert card.asked == []
    assert "thu hồi" in raised.value.sentence


def test_a_certificate_whose_status_nobody_tells_asks_no_phone(house: House) -> None:
    card = house.leader()
    house.service.tells_status = False
    with pytest.raises(NotSignedError, match="Chưa kiểm tra được chứng thư"):
        house.sign(house.order, "leader")
    assert card.asked == []


def test_without_time_stamps_no_phone_is_asked(house: House) -> None:
    card = house.leader()
    house.service.stamps = False
    with pytest.raises(NotSignedError, match="dấu thời gian"):
        house.sign(house.order, "leader")
    assert card.asked == []


def test_a_seal_by_a_personal_certificate_asks_no_phone(house: House) -> None:
    card = house.service.card("clerk", CLERK, "ec")
    with pytest.raises(NotSignedError, match="chứng thư của cơ quan"):
        house.sign(replace(house.order, role="seal", officer=CLERK), "clerk")
    titled = house.service.card("clerk", "Người khác", "ec", (NameOID.TITLE, "Văn thư"))
    with pytest.raises(NotSignedError, match="chứng thư của cơ quan"):
        house.sign(replace(house.order, role="copy", officer=CLERK), "clerk")
    assert card.asked == titled.asked == []


def test_a_leader_signs_with_the_own_name_only(house: House) -> None:
    card = house.leader(name=AGENCY)
    with pytest.raises(NotSignedError, match="không phải tên của bạn"):
        house.sign(house.order, "leader")
    assert card.asked == []


def test_of_two_credentials_the_one_of_the_role_is_taken(house: House) -> None:
    own, sealing = house.service.card("clerk", CLERK, "ec"), house.clerk()
    house.sign(replace(house.order, role="copy", kind="SAO Y", officer=CLERK), "clerk")
    assert (len(own.asked), len(sealing.asked)) == (0, 1)


def test_who_has_no_sim_is_told_so(house: House) -> None:
    house.service.cards["leader"] = {}
    with pytest.raises(NotSignedError, match="chưa có SIM ký số"):
        house.sign(house.order, "leader")


@pytest.mark.parametrize(("error", "outcome", "words"), [
    ("access_denied", "cancelled", "từ chối"), ("access_denied", "timed_out", "Hết thời gian"),
    ("access_denied", "unreachable", "vùng phủ sóng"), ("invalid_pin", "wrong_pin", "PIN"),
    ("access_denied", "pin_blocked", "khóa mã PIN"), ("access_denied", "denied", "không yêu cầu"),
    ("temporarily_unavailable", "", "yêu cầu ký khác"), ("invalid_request", "", "Mã lỗi"),
])
def test_what_the_phone_says_is_said_in_plain_words(house: House, error: str, outcome: str, words: str) -> None:
    house.leader().answer = lambda body: refusal(error, outcome)
    with pytest.raises(NotSignedError) as raised:
        house.sign(house.order, "leader")
    assert words in raised.value.sentence


def test_every_outcome_of_a_signature_is_said_in_vietnamese() -> None:
    under_way = {Outcome.ACCEPTED, Outcome.PENDING, Outcome.SIGNED, Outcome.VALID}
    others = {DENIED, NOT_FETCHED, SIM_BLOCKED, IN_DOUBT, STANDING_UNKNOWN, "certificate_unfit"}
    assert {one.value for one in set(Outcome) - under_way} | others == set(remote._OUTCOMES)


def test_an_officer_who_takes_time_is_waited_for_by_the_same_request(house: House) -> None:
    card = house.leader()
    answers = iter([not_yet(), not_yet(), None])
    card.answer = lambda body: next(answers)
    assert house.findings(house.sign(house.order, "leader").pdf)[0].holds
    assert len(card.asked) == 3
    assert card.asked[0] == card.asked[1] == card.asked[2]


def test_nobody_is_waited_for_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "WAITS_SECONDS", 0)
    house.leader().answer = lambda body: not_yet()
    with pytest.raises(NotSignedError, match="Hết thời gian"):
        house.sign(house.order, "leader")


def test_a_session_that_is_over_and_a_service_that_is_down_are_said_so(house: House) -> None:
    with pytest.raises(NotSignedError, match="đăng nhập lại"):
        house.sign(house.order, "nobody")
    house.service.offers_services = False
    with pytest.raises(NoTrustError):
        house.sign(house.order, "leader")
    with pytest.raises(NoTrustError):
        trust.learnt("http://127.0.0.1:9")
