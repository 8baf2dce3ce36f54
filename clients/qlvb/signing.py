"""One signature on a document: its appearance, the question to the phone, time-stamp and validation data, as one more revision.

Spec: ETSI EN 319 142-1 §6 (PAdES B-T and B-LT), RFC 3161, ISO 32000-1 §7.5.6 (incremental updates: what was signed stays as it
is), §12.8.2.2 (nothing is locked: the agency signs after the person). The file stays here; the hash of the signed attributes goes
to the provider.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import aiohttp
from asn1crypto.algos import SignedDigestAlgorithm
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.csc_signer import CSCSigner
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

from . import pictures, places
from .appearance import Lines, Picture, Style, broken, frame
from .certificates import WrongCertificateError, check, named
from .fonts import choose, readable
from .layout import Box, Layout, Role
from .remote import UNREACHABLE, NotSignedError, Phone, Remote
from .trust import Trust

DIGEST = "sha256"
NO_STAMPS = "Dịch vụ dấu thời gian chưa trả lời, nên chưa ký. Hãy thử lại sau ít phút."


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be signed, in which role, for whom.

    Attributes:
        pdf: The file as it is now.
        pages: Of it.
        officer: Name of whoever is signed in.
        number: Number and symbol of the document.
        title: What it is about.
        kind: Of a copy: its form, such as ``SAO Y``.
        at: When, as it will stand on the page.
        person: Where the person's picture stands; None where nobody has signed in person.
    """

    pdf: bytes
    pages: int
    role: Role
    officer: str
    number: str
    title: str
    kind: str
    at: datetime
    person: Box | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of it: the file with one more signature, and where the person's picture stands."""

    pdf: bytes
    person: Box | None


class Desk:
    """Signs documents.

    Args:
        layout: Where signatures stand.
        trust: Gives what signatures are made with; may raise NoTrustError.
    """

    def __init__(self, layout: Layout, trust: Callable[[], Trust]) -> None:
        self.layout, self.trust = layout, trust

    @property
    def font(self) -> Path:
        """The font of lines and pictures."""
        return choose(self.layout.fonts)

    async def sign(self, order: Order, remote: Remote, told: Callable[[str], None]) -> Signed:
        """Make a signature.

        Args:
            order: What is wanted.
            remote: The officer's remote signing.
            told: Hears the four digits before the phone is asked.

        Raises:
            NotSignedError: there is none.
            NoTrustError: the provider's certificate services do not answer.
        """
        trust = self.trust()
        if not trust.stamps:
            raise NotSignedError(NO_STAMPS)
        phone = await self._phone(order, remote, told)
        certificate = phone.credential_info.signing_cert
        parts, person = self._parts(order, named(certificate))
        writer = IncrementalPdfFileWriter(BytesIO(order.pdf))
        name = _free_name(writer)
        box = SigFieldSpec(name, on_page=order.pages - 1 if self.layout.last_page(order.role) else 0, box=frame(parts).points)
        asked = ValidationContext(**trust.context())
        metadata = PdfSignatureMetadata(
            field_name=name, md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES, embed_validation_info=True,
            validation_context=asked, name=named(certificate),
            reason=readable(f"{order.number} {order.title}"))
        stamps = HTTPTimeStamper(trust.stamps, session=remote.session, timeout=30)
        made = PdfSigner(metadata, _signer(remote, phone), timestamper=stamps, new_field_spec=box,
                         stamp_style=Style(parts=tuple(parts), font=self.font))
        out = BytesIO()
        try:
            await made.async_sign_pdf(writer, output=out)
        except (SigningError, PathError, ValidationError, aiohttp.ClientError, OSError, TimeoutError) as err:
            raise phone.problem or NotSignedError(_why(err)) from err
        finally:
            await asked.aclose()
        return Signed(out.getvalue(), person)

    async def _phone(self, order: Order, remote: Remote, told: Callable[[str], None]) -> Phone:
        """Choose what signs: the first of the officer's credentials whose certificate may sign in this role."""
        wrong: WrongCertificateError | None = None
        for name in await remote.credentials():
            info, credential = await remote.credential(name)
            try:
                check(credential.signing_cert, order.role, order.officer)
            except WrongCertificateError as err:
                wrong = wrong or err
                continue
            return Phone(remote, info, credential, description=readable(f"{order.number} - {order.title}"),
                         shown=readable(order.number), told=told)
        raise NotSignedError(wrong.sentence if wrong else
                             "Bạn chưa có SIM ký số đang dùng. Xem trang “SIM ký số của tôi” trên hệ thống đăng nhập một lần.")

    def _parts(self, order: Order, signer: str) -> tuple[list[Picture | Lines], Box | None]:
        """Give what there is to see, and where the person's picture stands."""
        layout, font, role = self.layout, self.font, order.role
        if role == "person":
            box = layout.person(places.of_name(order.pdf, order.officer, page=order.pages))
            drawn = pictures.signature(order.officer, font, width=box.width, height=box.height, colour=layout.colour(role))
            return [Picture(drawn, box)], box
        lines = broken([readable(line) for line in layout.lines(
            role, agency=signer, number=order.number, kind=order.kind, time=layout.time(order.at))], font, layout.text_size,
            layout.lines_width(role))
        if role == "seal":
            box = layout.seal(order.person or layout.person())
            drawn = pictures.seal(signer, font, diameter=box.width, colour=layout.colour(role))
            parts: list[Picture | Lines] = [Picture(drawn, box)]
            if lines:
                parts.append(Lines(lines, layout.below_the_seal(box, len(lines)), layout.text_size, layout.leading,
                                   layout.text_colour, centred=True))
            return parts, order.person
        return [Lines(lines, layout.corner(role, len(lines)), layout.text_size, layout.leading, layout.text_colour)], order.person


def _free_name(writer: IncrementalPdfFileWriter) -> str:
    """Give a name that no field of the file has: one that waits for a signature elsewhere would take ours, with its own place."""
    form = writer.root.get("/AcroForm", DictionaryObject()).get_object()
    fields = (field.get_object() for field in form.get("/Fields", ArrayObject()).get_object())
    taken = {str(field["/T"]) for field in fields if "/T" in field}
    return next(name for name in (f"Signature{number}" for number in range(1, len(taken) + 2)) if name not in taken)


def _why(err: BaseException | None) -> str:
    """Say what stopped a signature before or after the phone was asked."""
    while err is not None:
        if isinstance(err, RevokedError):
            return "Chứng thư của người ký đã bị thu hồi hoặc tạm dừng nên không ký được. Liên hệ quản trị cơ quan."
        if isinstance(err, TimestampRequestError):
            return NO_STAMPS
        if isinstance(err, PathError | ValidationError):
            return "Chưa kiểm tra được chứng thư của người ký với nơi cấp, nên chưa ký. Hãy thử lại sau ít phút."
        err = err.__cause__ or err.__context__
    return UNREACHABLE


class _SaltOfTheHash(CSCSigner):
    """For cards that sign with RSASSA-PSS alone: a salt as long as the hash (RFC 4055 §3.1), where pyHanko takes the longest."""

    @property
    def signature_mechanism(self) -> SignedDigestAlgorithm:
        """Give the mechanism with its parameters."""
        return SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": {
            "hash_algorithm": {"algorithm": DIGEST}, "salt_length": 32,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": DIGEST}}}})


def _signer(remote: Remote, phone: Phone) -> CSCSigner:
    mechanisms = phone.credential_info.supported_mechanisms
    only_pss = "rsassa_pss" in mechanisms and f"{DIGEST}_rsa" not in mechanisms
    return (_SaltOfTheHash if only_pss else CSCSigner)(remote.session, phone)
