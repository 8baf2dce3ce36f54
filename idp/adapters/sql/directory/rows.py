"""Officers and agencies as rows and as JSON, both ways."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import orjson

from ....clock import Clock
from ....directory.mirror import MirroredOfficer, search_key
from ....directory.officer import NOWHERE, Address, Officer, Post
from ....directory.term import mirrored_as_of, next_end
from ....directory.unit import Unit, UnitEntry

FACTS = ("uid", "dn", "mail", "name", "given_name", "family_name", "phone", "unit_code", "unit_code_2016", "unit_name",
         "title", "posts", "groups", "attributes", "address", "search_key", "guest", "sponsor", "ends_at", "next_end_at")
"""Columns of ``officer`` that tell of the officer as the directory does."""


def facts_of(officer: Officer) -> dict[str, Any]:
    """Give the values of ``FACTS``."""
    post = officer.main_post
    posts = [{"unit_code": p.unit_code, "unit_code_2016": p.unit_code_2016, "unit_name": p.unit_name, "title": p.title}
             | ({"ends_at": p.ends_at} if p.ends_at else {})
             for p in officer.posts]
    return {
        "uid": officer.uid, "dn": officer.dn, "mail": officer.mail, "name": officer.name, "given_name": officer.given_name,
        "family_name": officer.family_name, "phone": officer.phone, "unit_code": post.unit_code,
        "unit_code_2016": post.unit_code_2016, "unit_name": post.unit_name, "title": post.title, "posts": _json(posts),
        "groups": _json(list(officer.groups)), "attributes": _json(dict(officer.attributes)),
        "address": _address(officer.address),
        "search_key": f" {search_key(officer.name, officer.uid, officer.mail, officer.phone, post.unit_name, post.title)}"[:600],
        "guest": officer.guest, "sponsor": officer.sponsor, "ends_at": officer.ends_at, "next_end_at": next_end(officer),
    }


def mirrored_now(row: Any, clock: Clock) -> MirroredOfficer | None:
    """Give the officer of a row for everybody who does not write the mirror: without what has ended by now."""
    known = mirrored(row)
    return None if known is None else mirrored_as_of(known, clock.now())


def mirrored(row: Any) -> MirroredOfficer | None:
    """Give the officer of a row that holds this table's columns under their own names, as it was written."""
    if row is None:
        return None
    officer = Officer(
        entry_uuid=row.entry_uuid, dn=row.dn, uid=row.uid, name=row.name, given_name=row.given_name, family_name=row.family_name,
        mail=row.mail, phone=row.phone, posts=tuple([Post(**post) for post in orjson.loads(row.posts)]),
        groups=tuple(orjson.loads(row.groups)), attributes=orjson.loads(row.attributes), disabled=row.status == "disabled",
        address=Address(**orjson.loads(row.address)) if row.address else NOWHERE,
        guest=row.guest, sponsor=row.sponsor, ends_at=row.ends_at)
    return MirroredOfficer(sub=row.sub, officer=officer, status=row.status)


def state_json(officer: MirroredOfficer | None) -> str:
    """Write an officer as mirrored down; empty for None."""
    if officer is None:
        return ""
    return orjson.dumps({"sub": officer.sub, "status": officer.status, "officer": officer.officer}).decode()


def state_of_json(text: str) -> MirroredOfficer | None:
    """Read what ``state_json`` wrote."""
    if not text:
        return None
    kept = orjson.loads(text)
    facts = kept["officer"]
    officer = Officer(**{**facts, "posts": tuple(Post(**post) for post in facts["posts"]), "groups": tuple(facts["groups"]),
                         "address": Address(**facts["address"])})
    return MirroredOfficer(sub=kept["sub"], officer=officer, status=kept["status"])


def unit_values(entry: UnitEntry) -> dict[str, Any]:
    """Give the columns of ``unit`` that tell of the agency as the directory does."""
    unit = entry.unit
    return {"code": unit.code, "code_2016": unit.code_2016, "name": unit.name, "kind": unit.kind,
            "valid_from": unit.valid_from.isoformat() if unit.valid_from else "",
            "valid_to": unit.valid_to.isoformat() if unit.valid_to else "", "address": _address(unit.address)}


def unit_entry(row: Any) -> UnitEntry:
    """Give the agency of a row of ``unit``."""
    return UnitEntry(row.entry_uuid, Unit(
        row.code, row.code_2016, row.name, row.kind, _day(row.valid_from), _day(row.valid_to),
        Address(**orjson.loads(row.address)) if row.address else NOWHERE))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _address(address: Address) -> str:
    return "" if address == NOWHERE else _json(asdict(address))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
