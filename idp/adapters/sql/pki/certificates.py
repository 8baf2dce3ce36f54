"""Authorities and certificates in the database (port: ``pki.authority.ports.CertificateStore``).

A serial number is one row for ever, whatever came of it. The number of a list grows in one statement. A shard may hold a few
certificates more than its size, because it is not counted for each of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import case, func, literal_column, or_, select, update

from ....audit import AuditRecord
from ....notices import Notice
from ....pki.authority.ports import SHARD_SIZE, Authority, Certificate, Reason, Status
from ..audit import audit_insert, audit_values
from ..database import Database, parameter
from ..notices import notice_inserts, notice_values
from ..tables import PkiAuthorityRow, PkiCertificateRow

AUTHORITY: Any = PkiAuthorityRow.__table__
ROW: Any = PkiCertificateRow.__table__
_COLUMNS: Final = tuple(field.name for field in dataclasses.fields(Certificate))
_GOOD: Any = literal_column(f"'{Status.GOOD.value}'")
_SUSPENDED: Any = literal_column(f"'{Status.SUSPENDED.value}'")
_ISSUED: Any = literal_column("'issued'")


class SqlCertificateStore:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        c, a = ROW.c, AUTHORITY.c
        authority = {name: parameter(column) for name, column in a.items()}
        self._add_authority = database.write(audit_insert(), guard=database.insert(AUTHORITY).values(**authority)
                                             .on_conflict_do_nothing(index_elements=["name"]).returning(a.name))
        self._authorities = database.read(select(AUTHORITY).order_by(a.created_at, a.kind.desc(), a.name))
        values = {name: parameter(c[name]) for name in _COLUMNS}
        self._intend = database.write(guard=database.insert(ROW).values(**values).on_conflict_do_nothing(
            index_elements=["authority", "serial"]).returning(c.serial))
        this = (c.authority == parameter(c.authority, "of"), c.serial == parameter(c.serial, "number"))
        self._issued = database.write(audit_insert(), *notice_inserts(), guard=update(ROW).where(
            *this, c.state == literal_column("'intended'"), c.spki == parameter(c.spki)).values(
                state=_ISSUED, der=parameter(c.der), sha256=parameter(c.sha256),
                issued_at=parameter(c.issued_at)).returning(c.serial))
        self._fail = database.write(guard=update(ROW).where(
            c.state == literal_column("'intended'"), c.intended_at < parameter(c.intended_at, "before")).values(
                state=literal_column("'failed'")).returning(c.serial))
        self._give_up = database.write(guard=update(ROW).where(*this, c.state == literal_column("'intended'")).values(
            state=literal_column("'failed'")).returning(c.serial))
        self._find = database.read(select(ROW).where(*this))
        first = select(c.id).where(*this).scalar_subquery()
        self._after = database.read(select(ROW).where(
            c.holder == parameter(c.holder), c.profile == parameter(c.profile), c.subject == parameter(c.subject),
            c.state == _ISSUED, c.id > first).order_by(c.id))
        self._of_holder = database.read(select(ROW).where(
            c.holder == parameter(c.holder), c.holder != literal_column("''"), c.state == _ISSUED).order_by(c.id.desc()))
        self._key_used = database.read(select(ROW).where(c.spki == parameter(c.spki)).order_by(c.id))
        newest = select(func.max(c.shard).label("shard")).where(c.authority == parameter(c.authority, "of")).scalar_subquery()
        self._newest = database.read(select(func.max(c.shard).label("shard"), func.count().label("found")).where(
            c.authority == parameter(c.authority, "of"), c.shard == newest))
        self._shards: dict[str, tuple[int, int]] = {}
        now = parameter(c.revoked_at, "at")
        self._revoke = database.write(audit_insert(), guard=update(ROW).where(*this, c.state == _ISSUED, or_(
            c.status == _GOOD, c.status == _SUSPENDED)).values(
                status=parameter(c.status, "becomes"), reason=parameter(c.reason),
                revoked_at=case((c.status == _SUSPENDED, c.revoked_at), else_=now)).returning(c.serial))
        self._suspend = database.write(audit_insert(), guard=update(ROW).where(*this, c.state == _ISSUED,
                                                                               c.status == _GOOD).values(
            status=_SUSPENDED, reason=parameter(c.reason), revoked_at=now).returning(c.serial))
        self._restore = database.write(audit_insert(), guard=update(ROW).where(*this, c.status == _SUSPENDED).values(
            status=_GOOD, reason=literal_column("''"), revoked_at=literal_column("NULL")).returning(c.serial))
        self._revoked = database.read(select(ROW).where(
            c.authority == parameter(c.authority, "of"), c.shard == parameter(c.shard), c.status != _GOOD,
            c.not_after > parameter(c.not_after, "since")).order_by(c.serial))
        least = parameter(a.crl_number, "least")
        self._number = database.write(guard=update(AUTHORITY).where(a.name == parameter(a.name, "of")).values(
            crl_number=case((a.crl_number + literal_column("1") > least, a.crl_number + literal_column("1")),
                            else_=least)).returning(
                a.crl_number))

    def add_authority(self, authority: Authority, record: AuditRecord) -> bool:
        """Keep a new authority; False when the name is taken."""
        return self._add_authority.run(**dataclasses.asdict(authority), **audit_values(record)) is not None

    def authorities(self) -> Sequence[Authority]:
        """Give every authority, oldest first."""
        return [Authority(**{**row._asdict(), "certificate": bytes(row.certificate)}) for row in self._authorities.all()]

    def intend(self, certificate: Certificate) -> bool:
        """Record what is about to be signed."""
        return self._intend.run(**{**{name: getattr(certificate, name) for name in _COLUMNS},
                                   "status": certificate.status.value}) is not None

    def issued(self, certificate: Certificate, record: AuditRecord, notice: Notice | None) -> bool:
        """Record a signed certificate and what its holder is told."""
        return self._issued.run(of=certificate.authority, number=certificate.serial, spki=certificate.spki, der=certificate.der,
                                sha256=certificate.sha256, issued_at=certificate.issued_at, **audit_values(record),
                                **notice_values(notice)) is not None

    def give_up(self, authority: str, serial: str) -> None:
        """Settle an intent that came to nothing."""
        self._give_up.run(of=authority, number=serial)

    def fail_intents(self, before: int) -> int:
        """Settle old intents that came to nothing."""
        return len(self._fail.run_each(before=before))

    def find(self, authority: str, serial: str) -> Certificate | None:
        """Find a certificate, or an intent, by its number."""
        row = self._find.one(of=authority, number=serial)
        return None if row is None else _certificate(row)

    def of_holder(self, holder: str) -> Sequence[Certificate]:
        """Give an officer's issued certificates, newest first."""
        return [_certificate(row) for row in self._of_holder.all(holder=holder)]

    def after(self, certificate: Certificate) -> Sequence[Certificate]:
        """Give what was issued of the same holder, subject and profile after a certificate, oldest first."""
        return [_certificate(row) for row in self._after.all(
            of=certificate.authority, number=certificate.serial, holder=certificate.holder, profile=certificate.profile,
            subject=certificate.subject)]

    def key_used(self, spki: str) -> Sequence[Certificate]:
        """Give everything that was ever intended or issued for a public key."""
        return [_certificate(row) for row in self._key_used.all(spki=spki)]

    def shard(self, authority: str) -> int:
        """Give the shard of the next certificate."""
        shard, left = self._shards.get(authority, (0, 0))
        if left <= 0:
            shard, room = self._counted(authority)
            # Counted anew the more often the fuller it is: other processes fill it too.
            left = room // 8
        self._shards[authority] = (shard, left - 1)
        return shard

    def shards(self, authority: str) -> int:
        """Count the shards, with the one of the next certificate."""
        return self._counted(authority)[0] + 1

    def _counted(self, authority: str) -> tuple[int, int]:
        row = self._newest.one(of=authority)
        newest, found = (int(row.shard or 0), int(row.found)) if row is not None else (0, 0)
        return (newest + 1, SHARD_SIZE) if found >= SHARD_SIZE else (newest, SHARD_SIZE - found)

    def revoke(self, authority: str, serial: str, at: int, reason: Reason, record: AuditRecord) -> bool:
        """Revoke or suspend an issued certificate."""
        hold = reason is Reason.CERTIFICATE_HOLD
        given = {"of": authority, "number": serial, "at": at, "reason": reason.value, **audit_values(record)}
        found = self._suspend.run(**given) if hold else self._revoke.run(**given, becomes=Status.REVOKED.value)
        return found is not None

    def restore(self, authority: str, serial: str, record: AuditRecord) -> bool:
        """Lift a suspension."""
        return self._restore.run(of=authority, number=serial, **audit_values(record)) is not None

    def revoked(self, authority: str, shard: int, since: int) -> Sequence[Certificate]:
        """Give the revoked and suspended of a shard that end after a moment, by number."""
        return [_certificate(row) for row in self._revoked.all(of=authority, shard=shard, since=since)]

    def next_crl_number(self, authority: str, at_least: int) -> int:
        """Give a number that no list of this authority has had."""
        row = self._number.run(of=authority, least=at_least)
        assert row is not None, authority
        return int(row[0])


def _certificate(row: Any) -> Certificate:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return Certificate(**{**values, "status": Status(row.status), "der": bytes(row.der)})
