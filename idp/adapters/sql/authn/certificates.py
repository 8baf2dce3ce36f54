"""Registered certificates in the database (port: ``authn.client_certificate.CertificateStore``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, literal_column, select, update

from ....audit import AuditRecord
from ....authn.client_certificate import Registered
from ....notices import Notice
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import OfficerCertificateRow
from .lasting import removal


class SqlCertificates:
    """Rows of ``officer_certificate``. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        table: Any = OfficerCertificateRow.__table__
        thumbprint, entry_uuid = parameter(table.c.thumbprint), parameter(table.c.entry_uuid)
        mine = and_(table.c.thumbprint == thumbprint, table.c.entry_uuid == entry_uuid)
        self._find = database.read(select(*table.columns).where(table.c.thumbprint == thumbprint))
        self._of = database.read(select(*table.columns).where(table.c.entry_uuid == entry_uuid)
                                 .order_by(table.c.registered_at, table.c.thumbprint))
        new = {c.name: parameter(c) for c in table.columns if c.name not in {"last_used_at", "last_proof_at"}}
        self._register = database.write(audit_insert(), *notice_inserts(), guard=database.insert(table).values(
            **new, last_proof_at=literal_column("0")).on_conflict_do_nothing(index_elements=["thumbprint"]).returning(
                table.c.thumbprint))
        at = parameter(table.c.last_proof_at, "at_ms")
        self._use = database.write(audit_insert(), guard=update(table).where(mine, table.c.last_proof_at < at).values(
            last_proof_at=at, last_used_at=parameter(table.c.last_used_at, "now")).returning(table.c.thumbprint))
        self._remove = removal(database, table, mine, table.c.thumbprint)

    def find(self, thumbprint: str) -> Registered | None:
        """Find by thumbprint."""
        row = self._find.one(thumbprint=thumbprint)
        return None if row is None else _registered(row)

    def of(self, entry_uuid: str) -> tuple[Registered, ...]:
        """Give an officer's, oldest first."""
        return tuple(_registered(row) for row in self._of.all(entry_uuid=entry_uuid))

    def register(self, certificate: Registered, record: AuditRecord, notice: Notice) -> bool:
        """Insert unless the certificate is there; the audit record and the notice stand or fall with it."""
        return self._register.run(
            thumbprint=certificate.thumbprint, entry_uuid=certificate.entry_uuid, subject=certificate.subject,
            issuer=certificate.issuer, serial=certificate.serial, not_after=certificate.not_after,
            registered_at=certificate.registered_at, **audit_values(record), **notice_values(notice)) is not None

    def use(self, thumbprint: str, entry_uuid: str, at_ms: int, now: int, record: AuditRecord) -> bool:
        """Raise the time of the last proof if it is lower; the audit record stands or falls with it."""
        return self._use.run(thumbprint=thumbprint, entry_uuid=entry_uuid, at_ms=at_ms, now=now,
                             **audit_values(record)) is not None

    def remove(self, entry_uuid: str, thumbprint: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Delete an officer's certificate; audit record and notice stand or fall with it."""
        return self._remove.run(entry_uuid=entry_uuid, thumbprint=thumbprint, keep_one=int(keep_one), **audit_values(record),
                                **notice_values(notice)) is not None


def _registered(row: Any) -> Registered:
    return Registered(row.thumbprint, row.entry_uuid, row.subject, row.issuer, row.serial, row.not_after, row.registered_at,
                      row.last_used_at, row.last_proof_at)
