"""The file of a month: a ZIP of ``records.jsonl``, its manifest, the manifest's signature and time-stamp, and the public key.

Sources: RFC 8259 (JSON), RFC 3161 (time-stamps). The records stand one a line in the chain's order, each seal after those that it
covers, so that one who has the file and the key can walk this part of the chain without a database. Memory does not grow with it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final

from ...errors import RefusedError
from ..seal import START, ArchiveSigner, Position, Seal, SealHead, StoredRecord, find_break
from .month import Kept, Month

RECORDS, MANIFEST, SIGNATURE, STAMP, KEY, README = (
    "records.jsonl", "manifest.json", "manifest.sig", "manifest.tsr", "seal-key.pem", "README.txt")
_LONGEST_LINE: Final = 4_000_000
_LONGEST_MANIFEST: Final = 100_000
_README: Final = """One month of the audit trail. manifest.json says which seals it holds and what hangs on them.

    sha256sum records.jsonl              must be "sha256" of manifest.json
    openssl dgst -sha256 -verify seal-key.pem -signature manifest.sig manifest.json
    openssl ts -verify -data manifest.json -in manifest.tsr -CAfile root.pem -untrusted issuing.pem

manifest.tsr is there where a time-stamp service was. Compare seal-key.pem with the one that the province gave you on another way.
"""

Sealed = tuple[Seal, list[StoredRecord]]
"""A seal and the records that it covers, in order."""


class BrokenArchiveError(RefusedError):
    """An archive is not there, or is not what was archived."""

    code = "archive_broken"


def write(file: BinaryIO, month: Month, sealed: Iterable[Sealed], signer: ArchiveSigner, stamp: Any) -> Kept:
    """Write an archive.

    Args:
        file: Where to; need not be seekable.
        month: What it holds; ``last``, ``place``, ``hash``, ``records`` and ``sha256`` are found out here.
        sealed: The seals, in order; one at least.
        signer: Signs the manifest.
        stamp: Stamps a SHA-256 digest; gives b"" where nobody stamps.
    """
    digest, records, last = hashlib.sha256(), 0, None
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(RECORDS, "w", force_zip64=True) as entry:
            for seal, covered in sealed:
                text = "".join([*map(_record_line, covered), _seal_line(seal)]).encode("ascii")
                digest.update(text)
                entry.write(text)
                records, last = records + len(covered), seal
        assert last is not None
        month = replace(month, last=last.number, place=last.last, hash=last.hash, records=records, sha256=digest.hexdigest())
        document, signature = month.document, signer.sign_der(month.document)
        stamped = stamp(hashlib.sha256(document).digest())
        for name, content in ((MANIFEST, document), (SIGNATURE, signature), *([(STAMP, stamped)] if stamped else []),
                              (KEY, signer.public_pem()), (README, _README.encode())):
            archive.writestr(name, content)
    return Kept(month=month, signature=signature, key_id=signer.key_id)


def check(file: BinaryIO, kept: Kept | None, signer: ArchiveSigner, head: SealHead | None = None) -> Month:
    """Check an archive with all that it holds: manifest, signature, and every seal over its records.

    Args:
        file: The archive.
        kept: What the database keeps of it; None to believe a manifest that is signed by a known key.
        signer: Knows the keys.
        head: A seal that is known from elsewhere, and must stand in it.

    Raises:
        BrokenArchiveError: it is not what was archived.
    """
    with _opened(file) as archive:
        document = _content(archive, MANIFEST)
        if kept is not None and document != kept.month.document:
            raise BrokenArchiveError("The archive's manifest is not the one that was signed for this month.")
        try:
            month = Month.read(document)
        except (ValueError, KeyError, TypeError) as err:
            raise BrokenArchiveError("The archive's manifest cannot be read.") from err
        if not signer.signed(document, _content(archive, SIGNATURE)):
            raise BrokenArchiveError("The signature of the archive's manifest does not fit any key that seals.")
        digest, records = hashlib.sha256(), 0
        previous = None if month.first == 1 else Seal(month.first - 1, START, 0, b"", b"", month.previous_hash, b"", "", 0)
        for seal, covered in _sealed(archive, digest):
            broken = find_break(seal, covered, previous, chain=month.chain, signer=signer)
            if broken is not None:
                raise BrokenArchiveError(f"Seal {broken.seal} of the archive, or a record under it, was changed.")
            if head is not None and seal.number == head.number and seal.hash != head.hash:
                raise BrokenArchiveError(f"Seal {seal.number} of the archive is not the one that is known elsewhere.")
            records, previous = records + len(covered), seal
        if head is not None and not month.first <= head.number <= month.last:
            raise BrokenArchiveError(f"Seal {head.number} is not in this archive: it holds {month.first} to {month.last}.")
        if previous is None or (previous.number, previous.hash, previous.last, records, digest.hexdigest()) != (
                month.last, month.hash, month.place, month.records, month.sha256):
            raise BrokenArchiveError("The archive does not hold what its manifest says.")
    return month


def records_of(file: BinaryIO) -> Iterator[list[StoredRecord]]:
    """Give the records of an archive that was checked, seal by seal."""
    with _opened(file) as archive:
        for _seal, covered in _sealed(archive, hashlib.sha256()):
            yield covered


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as err:
        raise BrokenArchiveError("The archive is no ZIP that can be read.") from err


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as entry:
            return entry.read(_LONGEST_MANIFEST)
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as err:
        raise BrokenArchiveError(f"The archive has no {name} that can be read.") from err


def _sealed(archive: zipfile.ZipFile, digest: Any) -> Iterator[Sealed]:
    covered: list[StoredRecord] = []
    try:
        with archive.open(RECORDS) as entry:
            while line := entry.readline(_LONGEST_LINE):
                digest.update(line)
                found = json.loads(line)
                if "seal" not in found:
                    covered.append(_record(found))
                    continue
                yield _seal(found), covered
                covered = []
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
            RuntimeError) as err:
        raise BrokenArchiveError("The records of the archive cannot be read.") from err
    if covered:
        raise BrokenArchiveError("The archive has records under no seal.")


def _record_line(record: StoredRecord) -> str:
    epoch, xact, number = record.position
    return json.dumps({"id": number, "epoch": epoch, "xact": xact, "at": record.at, "event": record.event, "sub": record.sub,
                       "client_id": record.client_id, "sid": record.sid, "source": record.source,
                       "request_id": record.request_id, "detail": record.detail}, separators=(",", ":")) + "\n"


def _record(found: dict[str, Any]) -> StoredRecord:
    return StoredRecord(Position(found["epoch"], found["xact"], found["id"]), found["at"], found["event"], found["sub"],
                        found["client_id"], found["sid"], found["source"], found["request_id"], found["detail"])


def _seal_line(seal: Seal) -> str:
    # Without its marks: they only say which record made a seal of the database fail.
    return json.dumps({"seal": seal.number, "last": list(seal.last), "records": seal.record_count,
                       "previous_hash": seal.previous_hash.hex(), "hash": seal.hash.hex(), "signature": seal.signature.hex(),
                       "key_id": seal.key_id, "sealed_at": seal.sealed_at}, separators=(",", ":")) + "\n"


def _seal(found: dict[str, Any]) -> Seal:
    return Seal(found["seal"], Position(*found["last"]), found["records"], b"", bytes.fromhex(found["previous_hash"]),
                bytes.fromhex(found["hash"]), bytes.fromhex(found["signature"]), found["key_id"], found["sealed_at"])
