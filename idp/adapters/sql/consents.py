"""Consents in the database; implements ``idp.oidc.consent.ConsentStore``. Every write is durable and carries its record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from ...audit import AuditRecord
from ...oauth.deferred.authorization import Agreement
from ...oidc.consent import Consent
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import ConsentRow, GrantRow

CONSENT: Any = ConsentRow.__table__
GRANT: Any = GrantRow.__table__
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

    def find(self, sub: str, client_id: str) -> Consent | None:
        """Find a consent that was not withdrawn."""
        row = self._find.one(officer=sub, application=client_id)
        if row is None:
            return None
        words = row.scope.split()
        return Consent(sub, client_id, frozenset(word for word in words if not word.startswith(_CLAIM)), row.given_at,
                       frozenset(word.removeprefix(_CLAIM) for word in words if word.startswith(_CLAIM)))

    def give(self, consent: Consent, record: AuditRecord) -> None:
        """Keep a consent, replacing an earlier one."""
        self._give.run(sub=consent.sub, client_id=consent.client_id, **consent_values(consent, record))

    def withdraw(self, sub: str, client_id: str, now: int, record: AuditRecord) -> bool:
        """Withdraw a consent with everything granted on it."""
        return self._withdraw.run(officer=sub, application=client_id, now=now, reason="consent_withdrawn",
                                  **audit_values(record)) is not None
