"""RFC 3161 as an independent program uses it: pyHanko stamps a PDF file and validates the stamp."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import tsp
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from idp.adapters.sql.database import Database
from tests.pki.authority.house import CALLER

from .test_time_stamps import House


class Stamper(TimeStamper):
    """Its side that asks; the authority is ours."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self.house.stamps.answer(req.dump(), CALLER))


def test_a_document_time_stamp_is_valid(database: Database, tmp_path: Path) -> None:
    house, writer, document = House(database, tmp_path), PdfFileWriter(), BytesIO()
    page = generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 200)))
    writer.insert_page(PageObject(contents=writer.add_object(generic.StreamObject(stream_data=b"")), media_box=page))
    writer.write(document)
    stamped = PdfTimeStamper(Stamper(house)).timestamp_pdf(IncrementalPdfFileWriter(document), "sha256")
    [found] = PdfFileReader(stamped).embedded_timestamp_signatures
    chain = [Certificate.load(one.public_bytes(Encoding.DER)) for one in house.issuance.chain(house.issuance.authority())]
    now = datetime.fromtimestamp(house.clock.now(), UTC)

    def validated(*roots: Certificate) -> tuple[bool, ...]:
        status = validate_pdf_timestamp(found, ValidationContext(trust_roots=roots, other_certs=chain[:-1], moment=now))
        assert status.timestamp == now
        return status.valid, status.intact, status.trusted

    assert validated(chain[-1]) == (True, True, True)
    assert validated() == (True, True, False)
    stamped.seek(len(document.getvalue()) - 20)
    stamped.write(b" ")
    [found] = PdfFileReader(stamped, strict=False).embedded_timestamp_signatures
    assert validated(chain[-1])[1] is False
