"""Consents and what else applications have of officers (``oidc.consent.ConsentStore``, ``administration.applications.access``).

Every write is durable and carries its record. An application's list goes from the newest grant on by the index of its grants, and
from the newest agreement on by that of its agreements, until the page is full; of an officer's several grants the newest counts.
Of an agency it goes by the agency's officers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)

from ...administration.applications.access import OfficerAccess
from ...audit import AuditRecord
from ...clock import Clock
from ...directory.term import is_over, status_as_of
from ...notices import Notice
from ...oauth.deferred.authorization import Agreement
from ...oidc.consent import Access, Consent
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .directory.as_of import Unit, by_code, has_an_end_behind
from .notices import notice_inserts, notice_values
from .tables import ConsentRow, GrantRow, OfficerRow, SessionRow

CONSENT: Any = ConsentRow.__table__
GRANT: Any = GrantRow.__table__
SESSION: Any = SessionRow.__table__
OFFICER: Any = OfficerRow.__table__
_ONE: Any = literal_column("1")
_NOWHERE = {"unit_code": "", "unit_name": ""}
_CLAIM = "claim:"
"""Stands before the name of a claim among the scopes; no scope that can be registered begins so."""


CONSENT_RECORD = "consent_audit_"
"""Prefix of the record's parameters, which another record may stand beside."""


def stands(grant: Any, session: Any, now: str) -> Any:
    """Make the condition that an application has something by a grant, which is joined with its session.

    Args:
        grant: The table, or another name for it.
        session: Likewise.
        now: Name of the parameter that holds the moment.
    """
    moment = parameter(GRANT.c.expires_at, now)
    return and_(grant.c.revoked_at.is_(None), grant.c.expires_at > moment,
                or_(grant.c.offline, and_(session.c.ended_at.is_(None), session.c.expires_at > moment)))


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
            audit_insert(), *notice_inserts(),
            guard=(update(CONSENT).where(*this).values(withdrawn_at=parameter(CONSENT.c.withdrawn_at, "now"))
                   .returning(CONSENT.c.sub)))
        standing = (GRANT.c.sub == parameter(GRANT.c.sub, "officer"), GRANT.c.revoked_at.is_(None))
        its = (*standing, GRANT.c.client_id == parameter(GRANT.c.client_id, "application"))
        ended = {"revoked_at": parameter(GRANT.c.revoked_at, "now"), "revoke_reason": parameter(GRANT.c.revoke_reason, "reason")}
        newest = select(func.max(GRANT.c.grant_id)).where(*its).scalar_subquery()
        self._end = database.write(update(GRANT).where(*its).values(ended), audit_insert(), *notice_inserts(), guard=(
            update(GRANT).where(GRANT.c.grant_id == newest, *its).values(ended).returning(GRANT.c.grant_id)))
        self._consents = database.read(select(CONSENT.c.client_id, CONSENT.c.scope, CONSENT.c.given_at).where(
            this[0], CONSENT.c.withdrawn_at.is_(None)))
        self._grants = database.read(
            select(GRANT.c.client_id, GRANT.c.scope, GRANT.c.offline, GRANT.c.created_at)
            .select_from(GRANT.outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid))
            .where(standing[0], stands(GRANT, SESSION, "now")))

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

    def withdraw(self, sub: str, client_id: str, now: int, record: AuditRecord, *, reason: str = "consent_withdrawn",
                 notice: Notice | None = None) -> bool:
        """Withdraw a consent with everything granted on it, or what was granted without one."""
        values = {"officer": sub, "application": client_id, "now": now, "reason": reason, **audit_values(record),
                  **notice_values(notice)}
        return any(act.run(**values) is not None for act in (self._withdraw, self._end))


class SqlApplicationAccess(SqlConsents):
    """The consent store, asked by application."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock
        at, sub = parameter(GRANT.c.created_at, "before_at"), bindparam("before_sub", type_=Text())
        client, limit = parameter(GRANT.c.client_id), bindparam("limit", type_=Integer())
        grant, session = GRANT.alias("g"), SESSION.alias("s")
        other, its = GRANT.alias("o"), SESSION.alias("t")

        def behind(moment: Any, officer: Any) -> Any:
            return or_(moment < at, and_(moment == at, officer < sub))

        def another(officer: Any, *conditions: Any) -> Any:
            return exists(select(_ONE).select_from(other.outerjoin(its, its.c.sid == other.c.sid)).where(
                other.c.sub == officer, other.c.client_id == client, stands(other, its, "now"), *conditions))

        newer = or_(other.c.created_at > grant.c.created_at,
                    and_(other.c.created_at == grant.c.created_at, other.c.grant_id > grant.c.grant_id))
        person = (OFFICER.c.uid, OFFICER.c.name, OFFICER.c.posts, OFFICER.c.status, OFFICER.c.ends_at)
        agreed = and_(CONSENT.c.sub == grant.c.sub, CONSENT.c.client_id == client, CONSENT.c.withdrawn_at.is_(None))
        granted = (select(
            grant.c.sub, grant.c.created_at.label("at"), grant.c.created_at.label("last_at"), CONSENT.c.given_at,
            case((another(grant.c.sub, other.c.offline), 1), else_=0).label("offline"), *person)
            .select_from(grant.outerjoin(session, session.c.sid == grant.c.sid).join(OFFICER, OFFICER.c.sub == grant.c.sub)
                         .outerjoin(CONSENT, agreed))
            .where(grant.c.client_id == client, stands(grant, session, "now"), behind(grant.c.created_at, grant.c.sub),
                   ~another(grant.c.sub, newer))
            .order_by(grant.c.created_at.desc(), grant.c.sub.desc()).limit(limit))
        consented = (select(
            CONSENT.c.sub, CONSENT.c.given_at.label("at"), cast(null(), BigInteger).label("last_at"), CONSENT.c.given_at,
            literal_column("0").label("offline"), *person)
            .select_from(CONSENT.join(OFFICER, OFFICER.c.sub == CONSENT.c.sub))
            .where(CONSENT.c.client_id == client, CONSENT.c.withdrawn_at.is_(None), behind(CONSENT.c.given_at, CONSENT.c.sub),
                   ~another(CONSENT.c.sub))
            .order_by(CONSENT.c.given_at.desc(), CONSENT.c.sub.desc()).limit(limit))
        both = union_all(select(granted.subquery("a")), select(consented.subquery("b"))).subquery("both")
        self._of_all = database.look(select(both).order_by(both.c.at.desc(), both.c.sub.desc()).limit(limit))
        # Of an agency few have given something to an application of many: its officers are looked at one by one.
        # The sum keeps SQLite from going through all of the application's grants by their time.
        last = (select(func.max(other.c.created_at + literal_column("0", type_=Integer())))
                .select_from(other.outerjoin(its, its.c.sid == other.c.sid)).where(
                    other.c.sub == OFFICER.c.sub, other.c.client_id == client, stands(other, its, "now")).scalar_subquery())
        given = (select(CONSENT.c.given_at).where(CONSENT.c.sub == OFFICER.c.sub, CONSENT.c.client_id == client,
                                                  CONSENT.c.withdrawn_at.is_(None)).scalar_subquery())
        agency = (select(OFFICER.c.sub, last.label("last_at"), given.label("given_at"),
                         case((another(OFFICER.c.sub, other.c.offline), 1), else_=0).label("offline"), *person)
                  .where(or_(by_code(sqlite=database.is_sqlite), has_an_end_behind())).subquery("agency"))
        moment = func.coalesce(agency.c.last_at, agency.c.given_at)
        self._of_agency = database.look(select(agency, moment.label("at")).where(behind(moment, agency.c.sub))
                                        .order_by(moment.desc(), agency.c.sub.desc()).limit(limit))

    def of_application(self, client_id: str, *, unit: str, before: tuple[int, str] | None, limit: int) -> Sequence[OfficerAccess]:
        """Give the officers of whom an application has something, who signed in last first."""
        now = self._clock.now()
        agency = Unit(unit, now)
        asked = {"client_id": client_id, "now": now, "limit": limit}
        of_agency = {"unit": unit, "end": f"{unit}/", "unit_as_of": now}

        def rows_before(place: tuple[int, str]) -> Sequence[Any]:
            behind = {"before_at": place[0], "before_sub": place[1]}
            return self._of_agency.all(**asked, **behind, **of_agency) if unit else self._of_all.all(**asked, **behind)

        rows = agency.page(rows_before, before or (2**62, ""), limit=limit, posts_of=lambda row: row.posts,
                           place_of=lambda row: (row.at, row.sub))
        return [_access(row, now) for row in rows]


def _parted(words: str) -> tuple[frozenset[str], frozenset[str]]:
    """Give scopes and claims of what is kept."""
    kept = frozenset(words.split())
    claims = frozenset(word for word in kept if word.startswith(_CLAIM))
    return kept - claims, frozenset(word.removeprefix(_CLAIM) for word in claims)


def _access(row: Any, now: int) -> OfficerAccess:
    post = next((post for post in orjson.loads(row.posts) if not is_over(post.get("ends_at", 0), now)), _NOWHERE)
    return OfficerAccess(
        sub=row.sub, uid=row.uid, name=row.name, unit_code=post["unit_code"], unit_name=post["unit_name"],
        status=status_as_of(row.status, row.ends_at, now), agreed_at=row.given_at, last_at=row.last_at, offline=bool(row.offline))
