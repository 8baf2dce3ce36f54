"""Certificates that came back: found in what people send, and held against the request that they are to answer.

Spec: RFC 5280 §4.1 and §4.2 (what a certificate says), §6 (the chain vouches for it); trust-services D.4 and E.2: a certificate
is the holder's by official mailbox and by key, never by name alone; the name has to be the same all the same. Security checklist
49: a weak key is refused, whoever certified it.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ...errors import RefusedError
from ..authority.csr import CsrError, Listed, check_key, fingerprint
from ..authority.ports import Received, Wanted
from ..forms.cells import folded
from ..shown_certificate import UNREADABLE
from .chain import PublishedChain

LONGEST: Final = 16 * 1024
"""Bytes of one certificate."""
MOST_FILES: Final = 4_100
"""Files of a bundle: the longest batch twice, and the list."""
MOST_UNPACKED: Final = 32 * 2**20
_CERTIFICATES: Final = (".cer", ".crt", ".pem", ".der")
_LISTS: Final = (".csv", ".xlsx")
_AHEAD: Final = timedelta(days=31)
"""A certificate that begins later than this is a mistake of somebody's."""
_DIGESTS: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_ZIP: Final = b"PK\x03\x04"
_SERIAL_BITS: Final = 160
"""RFC 5280 §4.1.2.2: 20 octets, positive."""


class UnfitError(RefusedError):
    """A certificate that is no answer to a request; ``code`` says why (``words``)."""

    status = 422


@dataclass(frozen=True, slots=True)
class Sent:
    """What people sent.

    Attributes:
        sheet: The list.
        certificates: DER forms by serial number (small hexadecimal digits without leading zeros); several of one number where
            several issuers gave it.
    """

    sheet: bytes
    certificates: Mapping[str, Sequence[bytes]]


def unpacked(content: bytes, files: Iterable[bytes] = ()) -> Sent:
    """Take apart what was sent: a list alone, or a ZIP file with one list and certificates; and certificates beside it.

    Raises:
        RefusedError: 422 ``unreadable_list``: a ZIP file without a list, with several, or with more than is read.
    """
    sheet, found = content, list(files)
    if content.startswith(_ZIP):
        parts = _parts(content)
        if parts is not None:
            lists = [part for name, part in parts if name.endswith(_LISTS)]
            if len(lists) != 1:
                raise _unreadable("Tệp nén phải có đúng một danh sách (CSV hoặc XLSX).")
            sheet = lists[0]
            found += [part for name, part in parts if name.endswith(_CERTIFICATES)]
    by_serial: dict[str, list[bytes]] = {}
    for part in found:
        for certificate in _each(part):
            same = by_serial.setdefault(f"{certificate.serial_number:x}", [])
            der = certificate.public_bytes(Encoding.DER)
            if der not in same:
                same.append(der)
    return Sent(sheet, by_serial)


def of_cell(text: str) -> bytes:
    """Give the DER form of what stood in a cell (``forms.cells.certificate``)."""
    return b64decode(text)


def read(der: bytes) -> x509.Certificate:
    """Read a certificate. Raises UnfitError ``certificate_unreadable``."""
    try:
        if len(der) > LONGEST:
            raise ValueError("too long")
        certificate = x509.load_der_x509_certificate(der)
        list(certificate.extensions), list(certificate.subject), list(certificate.issuer), certificate.public_key()
        if certificate.version is not x509.Version.v3:
            raise ValueError("not version 3")
        if not 0 < certificate.serial_number < 1 << _SERIAL_BITS:
            raise ValueError("a serial number beyond 20 octets")
    except UNREADABLE as err:
        raise UnfitError("This is not a certificate that can be read.", code="certificate_unreadable", debug=str(err)) from err
    return certificate


def check(certificate: x509.Certificate, wanted: Wanted, chain: PublishedChain, now: datetime, *, listed: Listed) -> Received:
    """See that a certificate is the answer to a request.

    Args:
        certificate: What came.
        wanted: The request.
        chain: Who may have issued it.
        now: This moment, UTC.
        listed: Keys that others know.

    Raises:
        UnfitError: with a code of ``words.REASONS``.
    """
    if not isinstance(_digest(certificate), _DIGESTS):
        raise UnfitError("It is signed with a digest that is too weak.", code="certificate_weak_digest")
    if certificate.not_valid_after_utc <= now:
        raise UnfitError("The certificate has ended.", code="certificate_ended")
    if certificate.not_valid_before_utc > now + _AHEAD:
        raise UnfitError("The certificate begins much later.", code="certificate_begins_later")
    moment = max(now, certificate.not_valid_before_utc)
    path = chain.path(certificate, moment)
    if len(path) < 2:
        raise UnfitError("The published chain does not vouch for it.", code="certificate_of_others")
    if chain.standing(path, now) == "revoked":
        raise UnfitError("It is revoked.", code="certificate_revoked")
    _check_use(certificate)
    _check_key(certificate, wanted, listed)
    _check_subject(certificate, wanted)
    return Received(der=certificate.public_bytes(Encoding.DER), issuer=certificate.issuer.rfc4514_string(),
                    serial=f"{certificate.serial_number:x}", not_before=int(certificate.not_valid_before_utc.timestamp()),
                    not_after=int(certificate.not_valid_after_utc.timestamp()))


def _check_use(certificate: x509.Certificate) -> None:
    """It is nobody's authority, and its key signs."""
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        signs, certifies = usage.digital_signature or usage.content_commitment, usage.key_cert_sign or usage.crl_sign
    except x509.ExtensionNotFound:
        signs, certifies = False, False
    if authority or certifies or not signs:
        raise UnfitError("It is not a certificate of somebody who signs.", code="certificate_not_for_signing")


def _check_key(certificate: x509.Certificate, wanted: Wanted, listed: Listed) -> None:
    key = certificate.public_key()
    try:
        check_key(key, listed=listed)
    except CsrError as err:
        raise UnfitError(err.message, code="certificate_weak_key") from err
    if wanted.request and fingerprint(key) != fingerprint(x509.load_der_x509_csr(wanted.request).public_key()):
        raise UnfitError("It is for another key than the request.", code="certificate_another_key")


def _check_subject(certificate: x509.Certificate, wanted: Wanted) -> None:
    mails = {mail.lower() for mail in _mails(certificate)}
    if wanted.subject.mail.lower() not in mails and (mails or wanted.person):
        raise UnfitError("It names another mailbox.", code="certificate_another_mail")
    names = [folded(str(one.value)) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [folded(wanted.subject.name)]:
        raise UnfitError("It names somebody else.", code="certificate_another_name")


def _mails(certificate: x509.Certificate) -> list[str]:
    found = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return found
    return found + names.get_values_for_type(x509.RFC822Name)


def _digest(certificate: x509.Certificate) -> hashes.HashAlgorithm | None:
    try:
        return certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None


def _each(part: bytes) -> list[x509.Certificate]:
    """Give the certificates of a file; one that holds none is nobody's answer, and its row will say that none was there."""
    if len(part) > LONGEST:
        return []
    try:
        if b"-----BEGIN CERTIFICATE-----" in part:
            return list(x509.load_pem_x509_certificates(part))
        return [x509.load_der_x509_certificate(part)]
    except UNREADABLE:
        return []


def _parts(content: bytes) -> list[tuple[str, bytes]] | None:
    """Give the files of a ZIP file by their small names; None for a workbook, which is one too."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            listed = [one for one in bundle.infolist() if not one.is_dir()]
            if any(one.filename == "[Content_Types].xml" for one in listed):
                return None
            if len(listed) > MOST_FILES or sum(one.file_size for one in listed) > MOST_UNPACKED:
                raise _unreadable("Tệp nén quá lớn. Vui lòng chia thành nhiều tệp.")
            wanted = [one for one in listed if one.filename.lower().endswith((*_CERTIFICATES, *_LISTS))
                      and not one.filename.rsplit("/", 1)[-1].startswith(".")]
            return [(one.filename.lower(), _part(bundle, one)) for one in wanted]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as err:
        raise _unreadable("Không đọc được tệp nén. Vui lòng nén lại theo kiểu ZIP, không đặt mật khẩu.") from err


def _part(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read a file of a ZIP file: no more than its entry says, which was counted, whatever it would unpack to."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile("only stored and deflated files are read")  # others unpack without a bound
    with bundle.open(entry) as unpacking:
        return unpacking.read(entry.file_size)


def _unreadable(message: str) -> RefusedError:
    return RefusedError(message, code="unreadable_list", status=422)
