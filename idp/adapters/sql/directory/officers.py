"""Store of the officers' mirror (directory/mirror.py)."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import func, literal_column, select, update

from ....directory.mirror import MirroredOfficer, search_key
from ....directory.officer import NOWHERE, Address, Officer, Post
from ..database import Database, parameter
from ..tables import OfficerRow

OFFICER: Any = OfficerRow.__table__

_FACTS = ("uid", "dn", "mail", "name", "given_name", "family_name", "phone", "unit_code", "unit_code_2016", "unit_name",
          "title", "posts", "groups", "attributes", "address", "search_key", "status", "updated_at")


class SqlOfficers:
    """The mirror on a database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        columns = {c.name: parameter(c) for c in OFFICER.columns}
        insertion = database.insert(OFFICER).inline().values(columns)
        self._remember = database.write(guard=insertion.on_conflict_do_update(
            index_elements=["entry_uuid"], set_={name: getattr(insertion.excluded, name) for name in _FACTS},
        ).returning(OFFICER.c.sub))
        self._by_sub = database.read(select(OFFICER).where(OFFICER.c.sub == parameter(OFFICER.c.sub)))
        self._by_entry_uuid = database.read(select(OFFICER).where(OFFICER.c.entry_uuid == parameter(OFFICER.c.entry_uuid)))
        self._by_uid = database.read(select(OFFICER).where(OFFICER.c.uid == parameter(OFFICER.c.uid), OFFICER.c.status != "gone"))
        self._groups = database.read(select(OFFICER.c.groups).where(OFFICER.c.status == literal_column("'active'")).distinct())
        now = parameter(OFFICER.c.last_sign_in_at, "now")
        self._signed_in = database.write(
            update(OFFICER).where(OFFICER.c.sub == parameter(OFFICER.c.sub, "subject"))
            .values(last_sign_in_at=now, first_sign_in_at=func.coalesce(OFFICER.c.first_sign_in_at, now)), durable=False)

    def remember(self, officer: Officer, *, now: int) -> str:
        """Insert or update by entryUUID and give the subject; the database decides which of parallel first calls gave it.

        Nothing is written when nothing has changed, so that an ordinary sign-in does not wait for the disk here.
        """
        facts = _facts(officer)
        known = self._by_entry_uuid.one(entry_uuid=officer.entry_uuid)
        if known is not None and all(getattr(known, name) == value for name, value in facts.items()):
            return str(known.sub)
        row = self._remember.run(entry_uuid=officer.entry_uuid, sub=secrets.token_urlsafe(16), first_sign_in_at=None,
                                 last_sign_in_at=None, updated_at=now, **facts)
        assert row is not None
        return str(row[0])

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        """Find by subject."""
        return mirrored(self._by_sub.one(sub=sub))

    def by_entry_uuid(self, entry_uuid: str) -> MirroredOfficer | None:
        """Find by the directory's identifier."""
        return mirrored(self._by_entry_uuid.one(entry_uuid=entry_uuid))

    def by_uid(self, uid: str) -> MirroredOfficer | None:
        """Find by current login name; None when none or several have it."""
        rows = self._by_uid.all(uid=uid)
        return mirrored(rows[0]) if len(rows) == 1 else None

    def groups(self) -> frozenset[str]:
        """Give the groups that hold any active officer."""
        return frozenset(group for row in self._groups.all() for group in orjson.loads(row.groups))

    def signed_in(self, sub: str, *, now: int) -> None:
        """Note a sign-in; the first one is kept too."""
        self._signed_in.run(subject=sub, now=now)


def _facts(officer: Officer) -> dict[str, Any]:
    post = officer.main_post
    posts = [{"unit_code": p.unit_code, "unit_code_2016": p.unit_code_2016, "unit_name": p.unit_name, "title": p.title}
             for p in officer.posts]
    return {
        "uid": officer.uid, "dn": officer.dn, "mail": officer.mail, "name": officer.name, "given_name": officer.given_name,
        "family_name": officer.family_name, "phone": officer.phone, "unit_code": post.unit_code,
        "unit_code_2016": post.unit_code_2016, "unit_name": post.unit_name, "title": post.title, "posts": _json(posts),
        "groups": _json(list(officer.groups)), "attributes": _json(dict(officer.attributes)),
        "address": "" if officer.address == NOWHERE else _json(asdict(officer.address)),
        "search_key": search_key(officer.name, officer.uid, officer.mail, officer.phone, post.unit_name, post.title),
        "status": "disabled" if officer.disabled else "active",
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def mirrored(row: Any) -> MirroredOfficer | None:
    """Give the officer of a row that holds this table's columns under their own names."""
    if row is None:
        return None
    officer = Officer(
        entry_uuid=row.entry_uuid, dn=row.dn, uid=row.uid, name=row.name, given_name=row.given_name, family_name=row.family_name,
        mail=row.mail, phone=row.phone, posts=tuple([Post(**post) for post in orjson.loads(row.posts)]),
        groups=tuple(orjson.loads(row.groups)), attributes=orjson.loads(row.attributes), disabled=row.status == "disabled",
        address=Address(**orjson.loads(row.address)) if row.address else NOWHERE)
    return MirroredOfficer(sub=row.sub, officer=officer, status=row.status)
