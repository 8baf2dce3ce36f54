"""Token signing keys in the database, private parts sealed or in a token; satisfies ``jose.keyset.KeyStore``.

The version counter ``keys`` is the lock: every change raises it from the number it was decided on, or does nothing. So of several
processes that decide at once exactly one acts, whatever each of them wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal_column, select, update

from ...audit import AuditEvent, AuditRecord, Caller
from ...jose.keyset import ALGORITHMS, ENCRYPTION_ALGORITHMS, StoredKey
from .audit import audit_insert, audit_values
from .database import Database, Write, insert_row, parameter
from .tables import SigningKeyRow, VersionRow

VERSION = "keys"
_PARTS = ("out", "active", "next")


class SqlKeyStore:
    """Signing keys with their states; removed ones stay as tombstones without a private part."""

    def __init__(self, database: Database) -> None:
        table: Any = SigningKeyRow.__table__
        columns = table.c
        name: Any = literal_column(f"'{VERSION}'")
        raised = update(VersionRow).where(
            VersionRow.name == name, VersionRow.value == parameter(VersionRow.value, "seen_version"),
        ).values(value=VersionRow.value + literal_column("1")).returning(VersionRow.value)
        promoted = update(table).values(
            state=literal_column("'active'"), activated_at=parameter(columns.activated_at, "now"))
        wiped = parameter(columns.sealed_private, "nothing")

        self._version = database.read(select(VersionRow.value).where(VersionRow.name == name))
        self._begin = database.write(database.insert(VersionRow).values(
            name=name, value=literal_column("0")).on_conflict_do_nothing(index_elements=["name"]))
        self._keys = database.read(select(*columns).order_by(columns.created_at, columns.alg, columns.kid))
        self._add = database.write(insert_row(SigningKeyRow), audit_insert(), guard=raised)
        self._promote = database.write(
            promoted.where(columns.kid == parameter(columns.kid), columns.state == literal_column("'next'")), audit_insert(),
            guard=raised)

        def rotation(number: int) -> Write:
            mine = columns.alg.in_([parameter(columns.alg, f"new{n}_alg") for n in range(number)])
            out = update(table).where(
                columns.state.in_([literal_column("'active'"), parameter(columns.state, "out_too")]), mine,
            ).values(state=parameter(columns.state, "out_state"), retired_at=parameter(columns.retired_at, "now"),
                     sealed_private=wiped)
            new = [insert_row(SigningKeyRow, **{column.name: parameter(column, f"new{n}_{column.name}") for column in columns})
                   for n in range(number)]
            # The acts do not see each other on PostgreSQL and run in this order on SQLite: no key is touched twice either way.
            return database.write(out, promoted.where(columns.state == literal_column("'next'"), mine), *new,
                                  *(audit_insert(f"{part}_") for part in _PARTS), guard=raised)

        self._rotate = {number: rotation(number) for number in (1, len(ENCRYPTION_ALGORITHMS), len(ALGORITHMS))}
        self._remove = database.write(
            update(table).where(
                columns.state == literal_column("'retired'"),
                columns.retired_at < parameter(columns.retired_at, "retired_before"),
            ).values(state=literal_column("'removed'"), sealed_private=wiped),
            audit_insert(), guard=raised)
        self._forget = database.write(audit_insert(), guard=update(table).where(
            columns.kid == parameter(columns.kid), columns.token_uri != literal_column("''"),
            columns.state.in_([literal_column("'retired'"), literal_column("'removed'")]),
        ).values(token_uri=literal_column("''")).returning(columns.kid))

    def version(self) -> int:
        """Give a number that every change raises."""
        row = self._version.one()
        if row is None:
            self._begin.run()
            return 0
        return int(row.value)

    def keys(self) -> Sequence[StoredKey]:
        """Give all keys, tombstones too, oldest first."""
        return [StoredKey(
            kid=row.kid, alg=row.alg, state=row.state, public_jwk=row.public_jwk, sealed_private=bytes(row.sealed_private),
            created_at=row.created_at, activated_at=row.activated_at, retired_at=row.retired_at, token_uri=row.token_uri)
            for row in self._keys.all()]

    def add(self, key: StoredKey, *, version: int, caller: Caller) -> bool:
        """Add one key, with its audit record; False when the version has passed."""
        record = _record(AuditEvent.KEY_CREATED, key.created_at, caller, {"kid": key.kid, "alg": key.alg, "state": key.state})
        return self._add.run(seen_version=version, **_values(key), **audit_values(record)) is not None

    def promote(self, kid: str, *, version: int, now: int, caller: Caller) -> bool:
        """Make one ``next`` key active, with its audit record; False when the version has passed."""
        record = _record(AuditEvent.KEY_ACTIVATED, now, caller, {"kid": kid})
        return self._promote.run(seen_version=version, kid=kid, now=now, **audit_values(record)) is not None

    def rotate(
        self, new: Sequence[StoredKey], *, emergency: bool, version: int, now: int,
        detail: Mapping[str, Mapping[str, str]], caller: Caller,
    ) -> bool:
        """Exchange the keys of one algorithm, or of all, with three audit records; False when the version has passed."""
        events = {"out": AuditEvent.KEY_REMOVED if emergency else AuditEvent.KEY_RETIRED,
                  "active": AuditEvent.KEY_ACTIVATED, "next": AuditEvent.KEY_CREATED}
        values: dict[str, Any] = {"out_too": "retired", "out_state": "removed"} if emergency else {
            "out_too": "active", "out_state": "retired"}
        for number, key in enumerate(new):
            values |= {f"new{number}_{name}": value for name, value in _values(key).items()}
        for part in _PARTS:
            facts: dict[str, str | int | bool] = {**detail[part], "emergency": emergency}
            values |= audit_values(_record(events[part], now, caller, facts), f"{part}_")
        return self._rotate[len(new)].run(seen_version=version, now=now, nothing=b"", **values) is not None

    def remove(self, *, retired_before: int, version: int, now: int, caller: Caller) -> bool:
        """Remove the keys that were retired before a time, with an audit record; False when the version has passed."""
        record = _record(AuditEvent.KEY_REMOVED, now, caller, {"retired_before": retired_before})
        return self._remove.run(seen_version=version, retired_before=retired_before, nothing=b"",
                                **audit_values(record)) is not None

    def forget(self, kid: str, *, now: int, caller: Caller) -> bool:
        """Note that a private part was destroyed in its token, with an audit record; False when that was noted already."""
        return self._forget.run(kid=kid, **audit_values(_record(AuditEvent.KEY_DESTROYED, now, caller, {"kid": kid}))) is not None


def _values(key: StoredKey) -> dict[str, Any]:
    return {"kid": key.kid, "alg": key.alg, "state": key.state, "public_jwk": key.public_jwk, "created_at": key.created_at,
            "sealed_private": key.sealed_private, "activated_at": key.activated_at, "retired_at": key.retired_at,
            "token_uri": key.token_uri}


def _record(event: AuditEvent, at: int, caller: Caller, detail: Mapping[str, str | int | bool]) -> AuditRecord:
    return AuditRecord(event, at, source=caller.source, request_id=caller.request_id,
                       detail={**detail, **caller.by})
