"""Whether the signatures of a document hold, in words for an officer: each as at its time-stamp, and all of it together.

Spec: ETSI EN 319 142-1 (PAdES B-LT: the status of certificates is in the file), ISO 32000-1 §12.8.2.2 (what may come after a
signature). By pyHanko; nothing of it is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from .certificates import named
from .trust import Trust


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one signature.

    Attributes:
        signer: Whose certificate it is.
        holds: Whether all is well.
        at: When, as the time-stamp authority says; None without.
        sentence: What was found.
        field: Name of its field.
    """

    signer: str
    holds: bool
    at: datetime | None
    sentence: str
    field: str


async def check(pdf: bytes, trust: Trust) -> Sequence[Finding]:
    """Check all signatures of a file, in their order: nobody is asked, everything that is needed has to be in the file."""
    reader = PdfFileReader(BytesIO(pdf))
    found = []
    for embedded in reader.embedded_regular_signatures:
        signer, field, at = named(embedded.signer_cert), str(embedded.field_name), _stamped(embedded)
        if at is None:
            found.append(Finding(signer, False, None, "Chữ ký không có dấu thời gian.", field))
            continue
        try:
            status = await async_validate_pdf_signature(embedded, _kept(reader, trust, at), _kept(reader, trust, at))
        except (SignatureValidationError, NoDSSFoundError, PdfError, ValueError) as err:
            found.append(Finding(signer, False, None, f"Chữ ký không kiểm tra được ({type(err).__name__}).", field))
            continue
        stamp = status.timestamp_validity
        stamp_holds = stamp is not None and stamp.valid and stamp.intact and stamp.trusted
        found.append(Finding(
            signer, bool(status.bottom_line) and stamp_holds, at,
            _sentence(intact=status.intact and status.valid, trusted=status.trusted, stamp_holds=stamp_holds,
                      changed=status.modification_level), field))
    return found


def _stamped(embedded: EmbeddedPdfSignature) -> datetime | None:
    """Give the moment that the time-stamp beside a signature names; whether it holds is checked with the signature."""
    for attribute in embedded.signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            at = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed["gen_time"].native
            return at if isinstance(at, datetime) else None
    return None


def _kept(reader: PdfFileReader, trust: Trust, at: datetime) -> ValidationContext:
    """Give what is in the file of certificates and their status, as at a moment."""
    return DocumentSecurityStore.read_dss(reader).as_validation_context(
        trust.context(fetching=False) | {"moment": at, "retroactive_revinfo": True})


def _sentence(*, intact: bool, trusted: bool, stamp_holds: bool, changed: ModificationLevel | None) -> str:
    if not intact:
        return "Nội dung đã bị sửa sau khi ký: chữ ký không còn đúng."
    if changed is None or changed is ModificationLevel.OTHER:
        return "Sau khi ký, tệp có thay đổi ngoài việc ký tiếp: chữ ký không được chấp nhận."
    if not trusted:
        return "Chưa tin được chứng thư của người ký (không thuộc nơi cấp đã biết, đã thu hồi hoặc hết hạn lúc ký)."
    if not stamp_holds:
        return "Dấu thời gian của chữ ký không đúng hoặc không tin được."
    if changed <= ModificationLevel.LTA_UPDATES:  # nothing, or what is kept of certificates
        return "Chữ ký hợp lệ, nội dung nguyên vẹn."
    return "Chữ ký hợp lệ. Sau đó chỉ có chữ ký tiếp theo được thêm, nội dung nguyên vẹn."
