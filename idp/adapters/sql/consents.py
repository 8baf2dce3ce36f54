"""Consents in the database; implements ``idp.oidc.consent.ConsentStore``. Every write is durable and carries its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from ...audit import AuditRecord
from ...oauth.deferred.authorization import Agreement
from ...oidc.consent import Access, Consent
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import ConsentRow, GrantRow, SessionRow

CONSENT: Any = ConsentRow.__table__
GRANT: Any = GrantRow.__table__
SESSION: Any = SessionRow.__table__
_CLAIM = "claim:"
"""Stands before the name of a claim among the scopes; no scope that can be registered begins so."""


CONSENT_RECORD = "consent_audit_"
"""Prefix of the record's parameters, which another record may stand beside."""


def consent_upsert(database: Database) -> Any:
    """Make the act that keeps the consent of the officer ``sub`` to ``client_id``; more parameters from ``consent_values``."""
    given = database.insert(ConsentRow).inline().values(
        {name: parameter(CONSENT.c[name]) for name in ("sub", "client_id")}
        | {name: parameter(CONSENT.c[name], f"consent_{name}") for name in ("scope", "given_at", "withdrawn_at")})
    return given.on_conflict_do_update(index_elements=["sub", "client_id"], set_={
        name: given.excluded[name] for name in ("scope", "given_at", "withdrawn_at")})


def consent_values(consent: Agreement, record: AuditRecord) -> dict[str, Any]:
    """Give the parameters of ``consent_upsert`` and of its record, ``audit_insert(CONSENT_RECORD)``."""
    words = [*sorted(consent.scope), *(f"{_CLAIM}{name}" for name in sorted(consent.claims))]
    return {"consent_scope": " ".join(words), "consent_given_at": consent.given_at, "consent_withdrawn_at": None,
            **audit_values(record, CONSENT_RECORD)}


class SqlConsents:
    """The consent store on one database."""

    def __init__(self, database: Database) -> None:
        this = (CONSENT.c.sub == parameter(CONSENT.c.sub, "officer"),
                CONSENT.c.client_id == parameter(CONSENT.c.client_id, "application"), CONSENT.c.withdrawn_at.is_(None))
        self._find = database.read(select(CONSENT.c.scope, CONSENT.c.given_at).where(*this))
        self._give = database.write(consent_upsert(database), audit_insert(CONSENT_RECORD))
        self._withdraw = database.write(
            update(GRANT)
            .where(GRANT.c.sub == parameter(GRANT.c.sub, "officer"),
                   GRANT.c.client_id == parameter(GRANT.c.client_id, "application"), GRANT.c.revoked_at.is_(None))
            .values(revoked_at=parameter(GRANT.c.revoked_at, "now"), revoke_reason=parameter(GRANT.c.revoke_reason, "reason")),
            audit_insert(),
            guard=(update(CONSENT).where(*this).values(withdrawn_at=parameter(CONSENT.c.withdrawn_at, "now"))
                   .returning(CONSENT.c.sub)))
        standing = (GRANT.c.sub == parameter(GRANT.c.sub, "officer"), GRANT.c.revoked_at.is_(None))
        its = (*standing, GRANT.c.client_id == parameter(GRANT.c.client_id, "application"))
        ended = {"revoked_at": parameter(GRANT.c.revoked_at, "now"), "revoke_reason": parameter(GRANT.c.revoke_reason, "reason")}
        newest = select(func.max(GRANT.c.grant_id)).where(*its).scalar_subquery()
        self._end = database.write(update(GRANT).where(*its).values(ended), audit_insert(), guard=(
            update(GRANT).where(GRANT.c.grant_id == newest, *its).values(ended).returning(GRANT.c.grant_id)))
        self._consents = database.read(select(CONSENT.c.client_id, CONSENT.c.scope, CONSENT.c.given_at).where(
            this[0], CONSENT.c.withdrawn_at.is_(None)))
        now = parameter(GRANT.c.expires_at, "now")
        self._grants = database.read(
            select(GRANT.c.client_id, GRANT.c.scope, GRANT.c.offline, GRANT.c.created_at)
            .select_from(GRANT.outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid))
            .where(*standing, GRANT.c.expires_at > now,
                   or_(GRANT.c.offline, and_(SESSION.c.ended_at.is_(None), SESSION.c.expires_at > now))))

    def find(self, sub: str, client_id: str) -> Consent | None:
        """Find a consent that was not withdrawn."""
        row = self._find.one(officer=sub, application=client_id)
        if row is None:
            return None
        scope, claims = _parted(row.scope)
        return Consent(sub, client_id, scope, row.given_at, claims)

    def accesses(self, sub: str, now: int) -> Sequence[Access]:
        """Give what applications have of an officer."""
        found: dict[str, Access] = {}
        for row in self._consents.all(officer=sub):
            found[row.client_id] = Access(row.client_id, *_parted(row.scope), int(row.given_at), None, False)
        for row in self._grants.all(officer=sub, now=now):
            before = found.get(row.client_id) or Access(row.client_id, frozenset(), frozenset(), None, None, False)
            found[row.client_id] = replace(
                before, scope=before.scope | frozenset(row.scope.split()), offline=before.offline or bool(row.offline),
                last_at=max(before.last_at or 0, int(row.created_at)))
        return list(found.values())

    def give(self, consent: Consent, record: AuditRecord) -> None:
        """Keep a consent, replacing an earlier one."""
        self._give.run(sub=consent.sub, client_id=consent.client_id, **consent_values(consent, record))

    def withdraw(self, sub: str, client_id: str, now: int, record: AuditRecord) -> bool:
        """Withdraw a consent with everything granted on it, or what was granted without one."""
        values = {"officer": sub, "application": client_id, "now": now, "reason": "consent_withdrawn", **audit_values(record)}
        return any(act.run(**values) is not None for act in (self._withdraw, self._end))


def _parted(words: str) -> tuple[frozenset[str], frozenset[str]]:
    """Give scopes and claims of what is kept."""
    kept = frozenset(words.split())
    claims = frozenset(word for word in kept if word.startswith(_CLAIM))
    return kept - claims, frozenset(word.removeprefix(_CLAIM) for word in claims)
