"""What proves a signature years later: everything that was said about it, in one file that needs nothing of ours to be verified.

Source: RFC 3161 (the time-stamp on the manifest), RFC 6960 (the certificate's standing at the moment of signing). A ZIP file:
``manifest.json`` tells the course and names every octet string by its SHA-256, ``blobs/`` holds them, and what OpenSSL asks for
stands beside it under plain names with the commands in ``README.txt``. Also of signatures that failed or came too late.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ..errors import UnavailableError
from ..pki.shown_certificate import UNREADABLE
from ..pki.timestamp.token import TimeStampAnswer
from .signature import SignatureError, verified
from .transaction import Event, State, Transaction

FORMAT: Final = 1
_LEFT_OUT: Final = frozenset({"next_try_at", "tries", "revision", "occupies", "signature"})
"""How we worked, and what stands in ``signature.bin``."""
_LISTS: Final = b"-----BEGIN X509 CRL-----"
"""With this begins a standing that lists tell, and no OCSP response."""
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)

Stamp = Callable[[bytes], bytes]
"""Answers a question for a time-stamp (DER) with a TimeStampResp (DER)."""


def package(transaction: Transaction, events: Sequence[Event], blob: Callable[[str], bytes | None],
            chain: Sequence[x509.Certificate], stamp: Stamp | None = None) -> bytes:
    """Make the file.

    Args:
        transaction: Which.
        events: Its history, oldest first.
        blob: Gives an octet string by its SHA-256 (hexadecimal).
        chain: Of the certificate: its issuer first, the root last.
        stamp: Stamps the manifest; None where nobody does.

    Raises:
        UnavailableError: nobody stamps now; dependency ``time_stamp``.
        RuntimeError: an octet string that the history names is not there: evidence is missing.
    """
    blobs = {sha256: _there(blob, sha256) for event in events for sha256 in event.proofs.values()}
    files: dict[str, bytes] = {f"blobs/{sha256}": content for sha256, content in sorted(blobs.items())}
    files |= _for_openssl(transaction, events, blobs, chain)
    manifest = _manifest(transaction, events, files)
    files = {"manifest.json": manifest, **files}
    if stamp is not None:
        files["manifest.tsr"] = _stamped(manifest, stamp)
    files["README.txt"] = _how(transaction, files).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _there(blob: Callable[[str], bytes | None], sha256: str) -> bytes:
    content = blob(sha256)
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        raise RuntimeError(f"evidence {sha256} is missing or is not what it was")
    return content


def _manifest(transaction: Transaction, events: Sequence[Event], files: Mapping[str, bytes]) -> bytes:
    told: dict[str, Any] = {name: value.hex() if isinstance(value, bytes) else value
                            for name, value in asdict(transaction).items() if name not in _LEFT_OUT}
    course = [{**asdict(event), "at": datetime.fromtimestamp(event.at_us / 1_000_000, UTC).isoformat()} for event in events]
    content = {"format": FORMAT, "transaction": told, "course": course,
               "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _for_openssl(transaction: Transaction, events: Sequence[Event], blobs: Mapping[str, bytes],
                 chain: Sequence[x509.Certificate]) -> dict[str, bytes]:
    """Give what verifies the signature, under plain names."""
    files = {"digest.bin": transaction.digest}
    certificate = blobs.get(transaction.certificate.hex())
    if certificate is not None:
        try:
            files["certificate.pem"] = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
        except UNREADABLE:
            return files
    if chain:
        files["issuer.pem"] = chain[0].public_bytes(Encoding.PEM)
        files["root.pem"] = chain[-1].public_bytes(Encoding.PEM)
    last = _last(events, "signature")
    if last is not None and certificate is not None:
        try:
            found = verified(x509.load_der_x509_certificate(certificate), transaction.digest_name, transaction.digest,
                             blobs[last.proofs["signature"]])
        except SignatureError:
            return files
        files["signature.bin"] = found.octets
        files["scheme.json"] = json.dumps({"scheme": found.scheme, "salt_length": found.salt_length}).encode()
        told = _last(events[events.index(last):], "standing")  # where nobody could tell at once, a later line tells
        if told is not None:
            said = blobs[told.proofs["standing"]]
            files["standing.crl" if said.startswith(_LISTS) else "standing.der"] = said
    return files


def _last(events: Sequence[Event], what: str) -> Event | None:
    return next((event for event in reversed(events) if what in event.proofs), None)


def _stamped(manifest: bytes, stamp: Stamp) -> bytes:
    asked = tsp.TimeStampReq({"version": "v1", "cert_req": True, "message_imprint": {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": hashlib.sha256(manifest).digest()}})
    answer: bytes = stamp(asked.dump())
    if TimeStampAnswer.load(answer)["status"]["status"].native not in ("granted", "granted_with_mods"):
        raise UnavailableError("Nobody gives time-stamps now.", dependency="time_stamp")
    return answer


def _how(transaction: Transaction, files: Mapping[str, bytes]) -> str:
    """Give the commands, only those for which there is something."""
    lines = ["Hồ sơ bằng chứng ký số / Evidence of a signature", f"{transaction.transaction_id}", "",
             "Kiểm tra bằng OpenSSL 3 / To verify with OpenSSL 3:", ""]
    if "signature.bin" in files:
        scheme = json.loads(files["scheme.json"])
        padding = (f" -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:{scheme['salt_length']}"
                   if scheme["scheme"] == "rsa-pss" else "")
        lines.append(f"openssl pkeyutl -verify -certin -inkey certificate.pem -in digest.bin -sigfile signature.bin"
                     f" -pkeyopt digest:{transaction.digest_name}{padding}")
    elif transaction.state not in (State.READY, State.RELEASED):
        lines.append("Không có chữ ký đúng / There is no signature that holds")
    if "issuer.pem" in files and "certificate.pem" in files:
        lines.append(f"openssl verify -CAfile root.pem -untrusted issuer.pem -attime {transaction.created_at} certificate.pem")
    if "standing.der" in files and "issuer.pem" in files:
        lines.append("openssl ocsp -respin standing.der -sha256 -issuer issuer.pem -cert certificate.pem -CAfile root.pem"
                     f" -attime {transaction.ended_at or transaction.created_at} -validity_period 3153600000")
    if "standing.crl" in files and "issuer.pem" in files:
        lines.append("openssl verify -crl_check_all -CRLfile standing.crl -CAfile root.pem -untrusted issuer.pem"
                     f" -attime {transaction.ended_at or transaction.created_at} certificate.pem")
    if "manifest.tsr" in files and "root.pem" in files:
        lines.append("openssl ts -verify -data manifest.json -in manifest.tsr -CAfile root.pem -untrusted issuer.pem")
    lines += ["", "manifest.json: diễn biến, và mã SHA-256 của từng tệp / the course, and the SHA-256 of every file", ""]
    return "\n".join(lines)
