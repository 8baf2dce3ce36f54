"""Exports of the trail for inspectors: why and on what grounds is typed and recorded, and what is given away can be checked.

Sources: Law 91/2025 on personal data (purpose and grounds), security checklist 38, 41, 61. An export is a ZIP: the records, a
manifest that says who took them, why, until when they may be kept, how many they are, their SHA-256, and which months of the time
stand in archives and not in it; and the manifest's signature by the key that seals the trail. It is recorded before its first
byte leaves, and once more, with number and hash, after the last. Memory does not grow with its length.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...audit.archive.archives import Archives
from ...audit.chain import SealStore
from ...audit.lines import csv_head, csv_lines, json_lines
from ...audit.seal import DocumentSigner
from ...audit.search import AuditSearch, Place, Wanted
from ...clock import Clock
from ...errors import RefusedError
from ...roles import Administrator, ForbiddenError, Role
from ..operation.files import Tick

FORMS: Final = ("csv", "jsonl")
LONGEST_PURPOSE, LONGEST_BASIS, MOST_DAYS = 500, 200, 365
_NARROWS: Final = ("sub", "client_id", "source", "event", "unit")
_PAGE: Final = 1000
README: Final = """The records are in records.*. manifest.json says who took them, why, and until when they may be kept.

    sha256sum records.*                  must be "sha256" of manifest.json
    openssl dgst -sha256 -verify seal-key.pem -signature manifest.sig manifest.json

Compare seal-key.pem with the one that the province gave you on another way.
"""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has been recorded.

    Attributes:
        name: Name of the file.
        chunks: The file; to be read once.
    """

    name: str
    chunks: Iterator[bytes]


class AuditExports:
    """Gives records away.

    Args:
        search: Looks through the trail.
        store: Tells of the newest seal.
        signer: Signs manifests.
        archives: Tells which months are not in the database.
        trail: Where exports are recorded.
        clock: Source of the time.
    """

    def __init__(self, search: AuditSearch, store: SealStore, signer: DocumentSigner, archives: Archives, trail: AuditTrail,
                 clock: Clock) -> None:
        self._search, self._store, self._signer, self._archives = search, store, signer, archives
        self._trail, self._clock = trail, clock

    def check(self, who: Administrator, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give what is asked for, whole. Raises as ``begin``, and records nothing."""
        if who.role not in (Role.PROVINCE, Role.AUDITOR) or not who.sub:
            raise ForbiddenError("The province's administrators and auditors export the trail; somebody has to answer for it.")
        return _checked(body)

    def begin(self, who: Administrator, body: Mapping[str, Any], caller: Caller, tick: Tick | None = None) -> Export:
        """Record an export, and give it.

        Args:
            who: An administrator of the province, or an auditor.
            body: ``purpose`` and ``legal_basis`` in words, ``form``, ``keep_days``, ``since`` and ``before`` in seconds since the
                epoch; ``sub``, ``client_id``, ``source``, ``event`` and ``unit`` narrow it.
            caller: Who asks.
            tick: Follows.

        Raises:
            ForbiddenError: an agency, another role, or a machine: somebody has to answer for it.
            RefusedError: 422 ``invalid_body``, with what is wrong.
            UnavailableError: it cannot be recorded; nothing is given then.
        """
        told = self.check(who, body)
        now, number = self._clock.now(), secrets.token_hex(8)
        narrowed = {name: told[name] for name in _NARROWS if told[name]}
        manifest: dict[str, Any] = {
            "export": number, "at": now, "by": who.sub, "purpose": told["purpose"], "legal_basis": told["legal_basis"],
            "keep_until": now + told["keep_days"] * 86400, "since": told["since"], "before": told["before"], "form": told["form"],
            "narrowed": narrowed, "not_in_it": self._archives.absent(told["since"], told["before"])}
        self._record(caller, who, {
            "export": number, "purpose": told["purpose"], "legal_basis": told["legal_basis"], "form": told["form"],
            "from": told["since"], "to": told["before"], "expires_at": manifest["keep_until"], **narrowed})
        wanted = Wanted(start=told["since"], end=told["before"], **narrowed)
        return Export(f"nhat-ky-{number}.zip", self._chunks(who, wanted, manifest, caller, tick))

    def _record(self, caller: Caller, who: Administrator, detail: Mapping[str, str | int | bool]) -> None:
        self._trail.record(AuditRecord(
            AuditEvent.AUDIT_EXPORTED, self._clock.now(), sub=who.sub, source=caller.source, request_id=caller.request_id,
            detail={**detail, **caller.by}))

    def _chunks(self, who: Administrator, wanted: Wanted, manifest: dict[str, Any], caller: Caller,
                tick: Tick | None) -> Iterator[bytes]:
        sink, digest, count = Sink(), hashlib.sha256(), 0
        last = self._store.last_seal()
        with zipfile.ZipFile(cast(Any, sink), "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(f"records.{manifest['form']}", "w", force_zip64=True) as entry:
                for records, text in self._pages(wanted, str(manifest["form"])):
                    content = text.encode()
                    count += records
                    digest.update(content)
                    entry.write(content)
                    if tick is not None:
                        tick(count)
                    yield sink.taken()
            manifest |= {"records": count, "sha256": digest.hexdigest(),
                         "newest_seal": None if last is None else {"number": last.number, "hash": last.hash.hex()}}
            document = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
            for name, content in (("manifest.json", document), ("manifest.sig", self._signer.sign_der(document)),
                                  ("seal-key.pem", self._signer.public_pem()), ("README.txt", README.encode())):
                archive.writestr(name, content)
        self._record(caller, who, {"export": manifest["export"], "rows": count, "sha256": digest.hexdigest()})
        yield sink.taken()

    def _pages(self, wanted: Wanted, form: str) -> Iterator[tuple[int, str]]:
        if form == "csv":
            yield 0, "\ufeff" + csv_head()
        place: Place | None = None
        while True:
            page, place = self._search.page(wanted, before=place, limit=_PAGE)
            yield len(page), csv_lines(page) if form == "csv" else json_lines(page)
            if place is None:
                return


class Sink:
    """What a ZIP is written into: keeps what was not taken yet. It cannot be sought in, so that entries stand as they come."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def write(self, content: bytes) -> int:
        """Keep more."""
        self._kept += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        content, self._kept = bytes(self._kept), bytearray()
        return content


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    told = {"sub": "", "client_id": "", "source": "", "event": "", "unit": "", "form": FORMS[0], "keep_days": 30, **body}
    if told.keys() != {*_NARROWS, "purpose", "legal_basis", "form", "keep_days", "since", "before"}:
        raise _invalid("The body holds purpose, legal_basis, since and before; it may hold form, keep_days, sub, client_id,"
                       " source, event and unit.")
    for name, longest in (("purpose", LONGEST_PURPOSE), ("legal_basis", LONGEST_BASIS)):
        text = told[name].strip() if isinstance(told[name], str) else ""
        if not 0 < len(text) <= longest or any(unicodedata.category(sign) in {"Cc", "Cs"} and sign != "\n" for sign in text):
            raise _invalid(f"{name}: 1 to {longest} characters, without control characters.")
        told[name] = text
    whole = all(isinstance(told[name], int) and not isinstance(told[name], bool) for name in ("since", "before", "keep_days"))
    if not whole or not 0 <= told["since"] < told["before"] < 2**53 or not 1 <= told["keep_days"] <= MOST_DAYS:
        raise _invalid(f"since and before: seconds since the epoch, the one before the other; keep_days: 1 to {MOST_DAYS}.")
    if told["form"] not in FORMS or not all(isinstance(told[name], str) and len(told[name]) <= 255
                                            and told[name].isprintable() for name in _NARROWS):
        raise _invalid(f"form: one of {', '.join(FORMS)}; what narrows is text.")
    if told["event"] and told["event"] not in set(AuditEvent):
        raise _invalid("event: none of the catalogue.")
    return told


def _invalid(why: str) -> RefusedError:
    return RefusedError(why, code="invalid_body", status=422)
