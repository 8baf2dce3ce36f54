"""Grants, codes and tokens in the database; implements ``idp.oauth.ports.GrantStore`` and ``idp.oidc.claims.TokenOfficers``.

One select answers whatever a request asks of a token: its grant, the officer and the session come with it. One write makes
whatever it leaves behind, behind a guard that decides who won (docs/decisions/0002).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import exists, insert, literal_column, or_, select, update

from ...audit import AuditRecord
from ...clock import Clock, SystemClock
from ...directory.mirror import MirroredOfficer
from ...oauth.grant import Grant, Standing
from ...oauth.ports import NewTokens, StoredAccessToken, StoredCode, StoredRefreshToken
from .audit import audit_insert, audit_values
from .database import Database, insert_row, parameter
from .directory.as_of import is_active
from .directory.rows import mirrored_now
from .tables import (
    AccessTokenRow,
    AuthorizationCodeRow,
    GrantRow,
    OfficerRow,
    PushedRequestRow,
    RefreshTokenRow,
    SessionClientRow,
    SessionRow,
    ThrottleRow,
)

GRANT: Any = GrantRow.__table__
CODE: Any = AuthorizationCodeRow.__table__
REFRESH: Any = RefreshTokenRow.__table__
ACCESS: Any = AccessTokenRow.__table__
OFFICER: Any = OfficerRow.__table__
SESSION: Any = SessionRow.__table__
TAKING_PART: Any = SessionClientRow.__table__
NOTED: Any = ThrottleRow.__table__
PUSHED: Any = PushedRequestRow.__table__

_ONE: Any = literal_column("1")

GRANT_COLUMNS = (
    GRANT.c.grant_id, GRANT.c.client_id.label("grant_client_id"), GRANT.c.sub.label("grant_sub"), GRANT.c.sid,
    GRANT.c.scope.label("grant_scope"), GRANT.c.offline, GRANT.c.auth_time, GRANT.c.acr, GRANT.c.amr, GRANT.c.nonce,
    GRANT.c.created_at.label("grant_created_at"), GRANT.c.expires_at.label("grant_expires_at"),
    GRANT.c.revoked_at.label("grant_revoked_at"), GRANT.c.details)
_OFFICER_COLUMNS = (OFFICER.c.status.label("officer_status"), OFFICER.c.groups.label("officer_groups"),
                    OFFICER.c.posts.label("officer_posts"), OFFICER.c.ends_at.label("officer_ends_at"))
_SESSION_COLUMNS = (
    SESSION.c.ended_at.label("session_ended_at"), SESSION.c.last_seen_at, SESSION.c.expires_at.label("session_expires_at"))
FAMILY_COLUMNS = (*GRANT_COLUMNS, *_OFFICER_COLUMNS, *_SESSION_COLUMNS)
"""What ``grant_of`` reads a grant and its standing from; selected from ``FAMILY``."""
TOKEN_COLUMNS = (
    ACCESS.c.grant_id.label("token_grant_id"), ACCESS.c.client_id.label("token_client_id"),
    ACCESS.c.scope.label("token_scope"), ACCESS.c.audience, ACCESS.c.issued_at,
    ACCESS.c.expires_at.label("token_expires_at"), ACCESS.c.revoked_at.label("token_revoked_at"), ACCESS.c.confirmation,
    ACCESS.c.actors, ACCESS.c.details.label("token_details"))
"""An access token; ``access_token_of`` reads them, with those of its grant and officer."""
_WITH_OFFICER = GRANT.outerjoin(OFFICER, OFFICER.c.sub == GRANT.c.sub)
FAMILY = _WITH_OFFICER.outerjoin(SESSION, SESSION.c.sid == GRANT.c.sid)
OFFICER_ACTIVE = exists(select(_ONE).where(OFFICER.c.sub == SESSION.c.sub, is_active("now")))
"""The officer of a session may sign in at the moment ``now``."""


def grant_insert() -> Any:
    """Make the act that keeps a grant; parameters from ``grant_values``."""
    return insert_row(GRANT, created_at=parameter(GRANT.c.created_at, "now"),
                      expires_at=parameter(GRANT.c.expires_at, "grant_expires_at"))


def takes_part_upsert(database: Database) -> Any:
    """Make the act that notes that a client takes part in a session; parameters from ``grant_values``."""
    part = {name: parameter(TAKING_PART.c[name], bound) for name, bound in
            (("sid", "sid"), ("client_id", "client_id"), ("sub", "sub"), ("first_used_at", "now"), ("last_used_at", "now"))}
    takes_part = database.insert(TAKING_PART).inline().values(part)
    return takes_part.on_conflict_do_update(index_elements=["sid", "client_id"],
                                            set_={"last_used_at": takes_part.excluded.last_used_at})


def _access_parameters() -> dict[str, Any]:
    own = ("digest", "scope", "expires_at", "details")
    return {column.name: parameter(column, f"access_{column.name}" if column.name in own else None) for column in ACCESS.columns}


def access_insert() -> Any:
    """Make the act that keeps an access token; parameters from ``token_values``."""
    return insert_row(ACCESS, **_access_parameters())


def refresh_insert() -> Any:
    """Make the act that keeps a refresh token; parameters from ``token_values``."""
    return insert_row(
        REFRESH, digest=parameter(REFRESH.c.digest, "refresh_digest"), scope=parameter(REFRESH.c.scope, "refresh_scope"),
        created_at=parameter(REFRESH.c.created_at, "issued_at"),
        confirmation=parameter(REFRESH.c.confirmation, "refresh_confirmation"),
        expires_at=parameter(REFRESH.c.expires_at, "refresh_expires_at"),
        used_at=literal_column("NULL"), successor=literal_column("NULL"))


class SqlGrants:
    """The grant store on one database."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._declare_reads(database)
        self._declare_writes(database)

    def _declare_reads(self, database: Database) -> None:
        self._officer = database.read(
            select(*_OFFICER_COLUMNS).where(OFFICER.c.sub == parameter(OFFICER.c.sub)))
        self._code = database.read(
            select(CODE.c.redirect_uri, CODE.c.code_challenge, CODE.c.code_challenge_method, CODE.c.expires_at, CODE.c.used_at,
                   CODE.c.dpop_jkt, *FAMILY_COLUMNS)
            .select_from(CODE.join(FAMILY, GRANT.c.grant_id == CODE.c.grant_id))
            .where(CODE.c.digest == parameter(CODE.c.digest)))
        following = REFRESH.alias("following")
        self._refresh = database.read(
            select(REFRESH.c.scope, REFRESH.c.expires_at, REFRESH.c.used_at, REFRESH.c.successor, REFRESH.c.confirmation,
                   following.c.digest.label("following_digest"), following.c.used_at.label("following_used_at"), *FAMILY_COLUMNS)
            .select_from(REFRESH.join(FAMILY, GRANT.c.grant_id == REFRESH.c.grant_id)
                         .outerjoin(following, following.c.digest == REFRESH.c.successor))
            .where(REFRESH.c.digest == parameter(REFRESH.c.digest)))
        granted = ACCESS.outerjoin(_WITH_OFFICER, GRANT.c.grant_id == ACCESS.c.grant_id)
        here = ACCESS.c.digest == parameter(ACCESS.c.digest)
        self._access = database.read(
            select(*TOKEN_COLUMNS, *GRANT_COLUMNS, *_OFFICER_COLUMNS, OFFICER.c.uid).select_from(granted).where(here))
        self._access_with_officer = database.read(
            select(*TOKEN_COLUMNS, *GRANT_COLUMNS, *_OFFICER_COLUMNS, *OFFICER.c).select_from(granted).where(here))

    def _declare_writes(self, database: Database) -> None:
        session_stands = (
            update(SESSION)
            .where(SESSION.c.sid == parameter(SESSION.c.sid, "sid"), SESSION.c.sub == parameter(SESSION.c.sub, "sub"),
                   SESSION.c.ended_at.is_(None), SESSION.c.expires_at > parameter(SESSION.c.expires_at, "now"), OFFICER_ACTIVE)
            .values(last_seen_at=parameter(SESSION.c.last_seen_at, "now")).returning(SESSION.c.sid))
        takes_part, granted, access = takes_part_upsert(database), grant_insert(), access_insert()
        coded = insert_row(CODE, created_at=parameter(CODE.c.created_at, "now"),
                           expires_at=parameter(CODE.c.expires_at, "code_expires_at"))
        shapes = {(True, False): (coded,), (True, True): (coded, access), (False, True): (access,), (False, False): ()}
        self._issue = {shape: database.write(granted, *acts, takes_part, audit_insert(), guard=session_stands)
                       for shape, acts in shapes.items()}
        # A pushed request is held first, so that of two browsers with one the second sees that it was used.
        pushed = PUSHED.c.digest == parameter(PUSHED.c.digest, "pushed_digest")
        held = select(PUSHED.c.digest).where(pushed).with_for_update()
        unused = exists(select(_ONE).where(pushed, PUSHED.c.used_at.is_(None)))
        uses_up = update(PUSHED).where(pushed).values(used_at=parameter(PUSHED.c.used_at, "now"))
        self._issue_pushed = {
            shape: database.write(uses_up, granted, *acts, takes_part, audit_insert(), guard=session_stands.where(unused),
                                  after=held)
            for shape, acts in shapes.items()}

        refresh = refresh_insert()
        code_stands = exists(
            select(_ONE).select_from(GRANT.join(SESSION, SESSION.c.sid == GRANT.c.sid))
            .where(GRANT.c.grant_id == CODE.c.grant_id, GRANT.c.revoked_at.is_(None), SESSION.c.ended_at.is_(None)))
        take = (update(CODE)
                .where(CODE.c.digest == parameter(CODE.c.digest, "code_digest"), CODE.c.used_at.is_(None), code_stands)
                .values(used_at=parameter(CODE.c.used_at, "issued_at")).returning(CODE.c.grant_id))
        self._redeem = database.write(access, audit_insert(), guard=take)
        self._redeem_with_refresh = database.write(access, refresh, audit_insert(), guard=take)
        family_stands = exists(select(_ONE).where(GRANT.c.grant_id == REFRESH.c.grant_id, GRANT.c.revoked_at.is_(None)))
        self._rotate = database.write(access, refresh, audit_insert(), guard=(
            update(REFRESH)
            .where(REFRESH.c.digest == parameter(REFRESH.c.digest, "old_digest"), REFRESH.c.used_at.is_(None), family_stands)
            .values(used_at=parameter(REFRESH.c.used_at, "issued_at"), successor=parameter(REFRESH.c.successor, "refresh_digest"))
            .returning(REFRESH.c.grant_id)))
        given = _access_parameters()
        self._renew = database.write(audit_insert(), durable=False, guard=(
            insert(ACCESS).inline().from_select(list(given), select(*given.values()).select_from(REFRESH).where(
                REFRESH.c.digest == parameter(REFRESH.c.digest, "kept_digest"), REFRESH.c.used_at.is_(None), family_stands))
            .returning(ACCESS.c.digest)))
        self._replace_successor = database.write(
            update(REFRESH).where(REFRESH.c.digest == parameter(REFRESH.c.digest, "old_digest"))
            .values(successor=parameter(REFRESH.c.successor, "refresh_digest")),
            access, refresh, audit_insert(), guard=(
                update(REFRESH)
                .where(REFRESH.c.digest == parameter(REFRESH.c.digest, "replaced_digest"), REFRESH.c.used_at.is_(None),
                       family_stands)
                .values(used_at=parameter(REFRESH.c.used_at, "issued_at")).returning(REFRESH.c.grant_id)))
        self._save_access = database.write(access, audit_insert(), durable=False)
        values = {column.name: parameter(column, {"created_at": "now", "expires_at": "grant_expires_at"}.get(column.name))
                  for column in GRANT.columns}
        self._issue_without_session = database.write(access, audit_insert(), durable=False, guard=(
            insert(GRANT).inline().from_select(list(values), select(*values.values()).select_from(OFFICER).where(
                OFFICER.c.sub == parameter(OFFICER.c.sub, "sub"), is_active("now"))
                # Held, so that whoever takes the access away sees this grant, or this sees that the access is gone.
                .with_for_update(read=True)).returning(GRANT.c.grant_id)))
        self._revoke = database.write(audit_insert(), guard=(
            update(GRANT).where(GRANT.c.grant_id == parameter(GRANT.c.grant_id, "revoked_id"), GRANT.c.revoked_at.is_(None))
            .values(revoked_at=parameter(GRANT.c.revoked_at, "now"), revoke_reason=parameter(GRANT.c.revoke_reason, "reason"))
            .returning(GRANT.c.grant_id)))
        self._revoke_access = database.write(audit_insert(), guard=(
            update(ACCESS).where(ACCESS.c.digest == parameter(ACCESS.c.digest, "revoked_digest"), ACCESS.c.revoked_at.is_(None))
            .values(revoked_at=parameter(ACCESS.c.revoked_at, "now")).returning(ACCESS.c.client_id)))
        kept = database.insert(NOTED).values(key=parameter(NOTED.c.key, "kind"), until=parameter(NOTED.c.until, "again_at"))
        # A moment later than any that is set now comes from a clock that was wrong.
        due = or_(NOTED.c.until <= parameter(NOTED.c.until, "now"), NOTED.c.until > kept.excluded.until)
        self._note = database.write(audit_insert(), durable=False, guard=kept.on_conflict_do_update(
            index_elements=["key"], set_={"until": kept.excluded.until}, where=due).returning(NOTED.c.key))

    def officer(self, sub: str) -> Standing | None:
        """Give how an officer stands."""
        row = self._officer.one(sub=sub)
        return None if row is None else _officer_of(row)

    def issue_code(self, code: StoredCode, record: AuditRecord, *, pushed: bytes = b"") -> bool:
        """Keep grant, code and the client's part in the session, if session and officer stand."""
        return self.issue_front_channel(code.grant, record, code=code, tokens=None, pushed=pushed)

    def issue_front_channel(self, grant: Grant, record: AuditRecord, *, code: StoredCode | None,
                            tokens: NewTokens | None, pushed: bytes = b"") -> bool:
        """Keep grant, perhaps a code and an access token, and the client's part in the session, if session and officer stand."""
        values = grant_values(grant) if tokens is None else token_values(tokens) | grant_values(grant)
        if code is not None:
            values |= {
                "digest": code.digest, "redirect_uri": code.redirect_uri, "code_challenge": code.code_challenge,
                "code_challenge_method": code.code_challenge_method, "code_expires_at": code.expires_at, "used_at": None,
                "dpop_jkt": code.dpop_jkt}
        writes = self._issue
        if pushed:
            writes, values["pushed_digest"] = self._issue_pushed, pushed
        return writes[code is not None, tokens is not None].run(**values, **audit_values(record)) is not None

    def code(self, digest: bytes) -> StoredCode | None:
        """Find a code, used ones too."""
        row = self._code.one(digest=digest)
        return None if row is None else StoredCode(
            digest, row.redirect_uri, row.code_challenge, row.code_challenge_method, row.expires_at, row.used_at,
            grant_of(row), row.dpop_jkt)

    def redeem(self, code_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Use a code once, while its grant and its session stand, and keep what it gives."""
        write = self._redeem if tokens.refresh_digest is None else self._redeem_with_refresh
        return write.run(code_digest=code_digest, **token_values(tokens), **audit_values(record)) is not None

    def refresh_token(self, digest: bytes) -> StoredRefreshToken | None:
        """Find a refresh token, used ones too, and whether its successor is still unused."""
        row = self._refresh.one(digest=digest)
        return None if row is None else StoredRefreshToken(
            digest, row.scope, row.expires_at, row.used_at, row.successor,
            row.following_digest is None or row.following_used_at is not None, grant_of(row), row.confirmation)

    def rotate(self, old_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Exchange an unused refresh token of a grant that stands."""
        return self._rotate.run(old_digest=old_digest, **token_values(tokens), **audit_values(record)) is not None

    def renew(self, kept_digest: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Give a new access token for a refresh token of a grant that stands, and leave that as it is; relaxed."""
        return self._renew.run(kept_digest=kept_digest, **token_values(tokens), **audit_values(record)) is not None

    def replace_successor(self, old_digest: bytes, successor: bytes, tokens: NewTokens, record: AuditRecord) -> bool:
        """Put a new token in the place of an unused successor of a grant that stands."""
        return self._replace_successor.run(old_digest=old_digest, replaced_digest=successor, **token_values(tokens),
                                           **audit_values(record)) is not None

    def revoke(self, grant_id: str, reason: str, now: int, record: AuditRecord) -> bool:
        """End a grant once."""
        return self._revoke.run(revoked_id=grant_id, reason=reason, now=now, **audit_values(record)) is not None

    def access_token(self, digest: bytes) -> StoredAccessToken | None:
        """Find an access token."""
        return access_token_of(digest, self._access.one(digest=digest))

    def officer_of(self, digest: bytes) -> tuple[StoredAccessToken, MirroredOfficer | None] | None:
        """Find an access token with the officer it tells of."""
        row: Any = self._access_with_officer.one(digest=digest)
        token = access_token_of(digest, row)
        return None if token is None else (token, None if row.officer_status is None else mirrored_now(row, self._clock))

    def save_access_token(self, tokens: NewTokens, record: AuditRecord) -> None:
        """Keep an access token of client credentials or of an exchange; relaxed."""
        self._save_access.run(**token_values(tokens), **audit_values(record))

    def issue_without_session(self, grant: Grant, tokens: NewTokens, record: AuditRecord) -> bool:
        """Keep a grant without a session and its access token, if the officer is active; relaxed."""
        return self._issue_without_session.run(**(token_values(tokens) | grant_values(grant)), **audit_values(record)) is not None

    def revoke_access_token(self, digest: bytes, now: int, record: AuditRecord) -> bool:
        """End one access token once."""
        return self._revoke_access.run(revoked_digest=digest, now=now, **audit_values(record)) is not None

    def note(self, record: AuditRecord, *, kind: bytes, seconds: int) -> bool:
        """Keep an audit record of a refusal, once in so many seconds; relaxed."""
        return self._note.run(kind=kind, now=record.at, again_at=record.at + seconds, **audit_values(record)) is not None


def grant_values(grant: Grant) -> dict[str, Any]:
    """Give the parameters of a new grant's acts."""
    return {
        "grant_id": grant.grant_id, "client_id": grant.client_id, "sub": grant.sub, "sid": grant.sid, "scope": grant.scope,
        "offline": grant.offline, "auth_time": grant.auth_time, "acr": grant.acr, "amr": " ".join(grant.amr),
        "nonce": grant.nonce, "now": grant.created_at, "grant_expires_at": grant.expires_at, "revoked_at": None,
        "revoke_reason": "", "details": grant.details}


def token_values(tokens: NewTokens) -> dict[str, Any]:
    """Give the parameters of a token answer's acts."""
    values: dict[str, Any] = {
        "access_digest": tokens.access_digest, "grant_id": tokens.grant_id, "client_id": tokens.client_id,
        "access_scope": tokens.scope, "audience": tokens.audience, "issued_at": tokens.issued_at,
        "access_expires_at": tokens.expires_at, "revoked_at": None, "confirmation": tokens.confirmation,
        "actors": " ".join(tokens.actors), "access_details": tokens.details}
    if tokens.refresh_digest is not None:
        values |= {"refresh_digest": tokens.refresh_digest, "refresh_scope": tokens.refresh_scope,
                   "refresh_expires_at": tokens.refresh_expires_at, "refresh_confirmation": tokens.refresh_confirmation}
    return values


def access_token_of(digest: bytes, row: Any) -> StoredAccessToken | None:
    """Read a row; one whose grant is gone is no token any more, and least of all one of client credentials."""
    if row is None or (row.token_grant_id and row.grant_id is None):
        return None
    grant = None if row.grant_id is None else _grant(row, _officer_of(row))
    return StoredAccessToken(digest, row.token_client_id, row.token_scope, tuple(row.audience.split()), row.issued_at,
                             row.token_expires_at, row.token_revoked_at, row.uid or "", grant, row.confirmation,
                             tuple(row.actors.split()), row.token_details)


def _grant(row: Any, standing: Standing) -> Grant:
    return Grant(row.grant_id, row.grant_client_id, row.grant_sub, row.sid, row.grant_scope, bool(row.offline), row.auth_time,
                 row.acr, tuple(row.amr.split()), row.nonce, row.grant_created_at, row.grant_expires_at, row.grant_revoked_at,
                 standing, row.details)


def grant_of(row: Any) -> Grant:
    """Read a grant with its standing from a row of ``FAMILY_COLUMNS``."""
    return _grant(row, _standing(row))


def _standing(row: Any) -> Standing:
    ended = row.session_expires_at is None or row.session_ended_at is not None
    return replace(_officer_of(row), session_ended=ended, session_last_seen_at=row.last_seen_at or 0,
                   session_expires_at=row.session_expires_at or 0)


def _officer_of(row: Any) -> Standing:
    return Standing(row.officer_status or "", _groups(row.officer_groups), _posts(row.officer_posts),
                    officer_ends_at=row.officer_ends_at or 0)


def _groups(text: str | None) -> frozenset[str]:
    return frozenset(orjson.loads(text)) if text else frozenset()


def _posts(text: str | None) -> tuple[tuple[str, int], ...]:
    return tuple([(post["unit_code"], post.get("ends_at", 0)) for post in orjson.loads(text)]) if text else ()
