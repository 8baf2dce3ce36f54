"""Lists that went out and certificates that came, in the database (ports: ``pki.government.ports``).

A serial number is one row for ever: who inserts it first has it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, literal_column, or_, select

from ....audit import AuditRecord
from ....pki.government.ports import Batch, Moment, Seen
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..tables import CertificateBatchRow, IssuerSerialRow, SeenCertificateRow

BATCH: Any = CertificateBatchRow.__table__
SEEN: Any = SeenCertificateRow.__table__
NUMBER: Any = IssuerSerialRow.__table__
_EMPTY: Any = literal_column("''")
_SHOWN: Final = tuple(field.name for field in dataclasses.fields(Batch) if field.name != "sealed")


class SqlBatches:
    """Lists on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._keep = database.write(audit_insert(), guard=database.insert(BATCH).values(
            {column.name: parameter(column) for column in BATCH.columns}).on_conflict_do_nothing(
                index_elements=["number"]).returning(BATCH.c.number))
        self._find = database.read(select(BATCH).where(BATCH.c.number == parameter(BATCH.c.number)))
        c, shown = BATCH.c, select(*(BATCH.c[name] for name in _SHOWN))
        at, number, most = parameter(c.made_at, "at"), parameter(c.number, "then"), parameter(c.rows, "limit")
        newest, oldest = (c.made_at.desc(), c.number.desc()), (c.made_at, c.number)
        self._newest = database.read(shown.order_by(*newest).limit(most))
        self._after = database.read(shown.where(or_(c.made_at < at, and_(c.made_at == at, c.number < number)))
                                    .order_by(*newest).limit(most))
        self._before = database.read(shown.where(or_(c.made_at > at, and_(c.made_at == at, c.number > number)))
                                     .order_by(*oldest).limit(most))

    def keep(self, batch: Batch, record: AuditRecord) -> bool:
        """Keep a list with its record."""
        return self._keep.run(**dataclasses.asdict(batch), **audit_values(record)) is not None

    def find(self, number: str) -> Batch | None:
        """Find a list by its number."""
        row = self._find.one(number=number)
        return None if row is None else Batch(**{**row._asdict(), "sealed": bytes(row.sealed)})

    def newest(self, limit: int, *, after: Moment | None = None, before: Moment | None = None) -> Sequence[Batch]:
        """Give lists, newest first, their files left empty."""
        if before is not None:
            rows = self._before.all(at=before[0], then=before[1], limit=limit)[::-1]
        elif after is not None:
            rows = self._after.all(at=after[0], then=after[1], limit=limit)
        else:
            rows = self._newest.all(limit=limit)
        return [Batch(**row._asdict(), sealed=b"") for row in rows]


class SqlSeenCertificates:
    """Certificates on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        keep = database.insert(SEEN).values({column.name: parameter(column) for column in SEEN.columns})
        self._keep = database.write(guard=keep.on_conflict_do_update(
            index_elements=["sha256"], set_={name: keep.excluded[name] for name in ("issuer", "serial", "spki", "number",
                                                                                   "holder", "verdict")},
            where=(keep.excluded.verdict == _EMPTY) & (SEEN.c.verdict != _EMPTY)).returning(SEEN.c.sha256))
        self._claim = database.write(guard=database.insert(NUMBER).values(
            {column.name: parameter(column) for column in NUMBER.columns}).on_conflict_do_nothing(
                index_elements=["issuer", "serial"]).returning(NUMBER.c.sha256))
        self._claimed = database.read(select(NUMBER.c.sha256).where(
            NUMBER.c.issuer == parameter(NUMBER.c.issuer), NUMBER.c.serial == parameter(NUMBER.c.serial)))
        self._last = database.read(select(SEEN.c.der).where(SEEN.c.verdict == _EMPTY).order_by(
            SEEN.c.seen_at.desc(), SEEN.c.sha256).limit(parameter(SEEN.c.seen_at, "limit")))
        self._of_key = database.read(select(SEEN).where(
            SEEN.c.spki == parameter(SEEN.c.spki), SEEN.c.verdict == _EMPTY).order_by(SEEN.c.seen_at, SEEN.c.sha256))

    def taken_last(self, limit: int) -> Sequence[bytes]:
        """Give those that were taken last, newest first."""
        return [bytes(row.der) for row in self._last.all(limit=limit)]

    def keep(self, seen: Seen) -> None:
        """Keep what came."""
        self._keep.run(**dataclasses.asdict(seen))

    def claim(self, issuer: str, serial: str, sha256: str) -> str:
        """Take a serial number of an issuer for one certificate."""
        self._claim.run(issuer=_name(issuer), serial=serial, sha256=sha256)
        return self.claimed(issuer, serial)

    def claimed(self, issuer: str, serial: str) -> str:
        """Give the SHA-256 of the certificate that has a number."""
        row = self._claimed.one(issuer=_name(issuer), serial=serial)
        return "" if row is None else str(row.sha256)

    def of_key(self, spki: str) -> Sequence[Seen]:
        """Give those that were taken and certify a key."""
        return [Seen(**{**row._asdict(), "der": bytes(row.der)}) for row in self._of_key.all(spki=spki)]


def _name(issuer: str) -> str:
    return hashlib.sha256(issuer.encode()).hexdigest()
