"""Steps of applications on their way to single sign-on.

Implements ``administration.applications.onboarding.OnboardingStore`` and ``administration.clients.LastUses``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, literal_column, select

from ...administration.applications.onboarding import Done, Step
from ...audit import AuditRecord
from .audit import audit_insert, audit_values
from .database import Database, parameter
from .tables import AccessTokenRow, ClientRow, ClientStepRow, GrantRow

_STEP: Any = ClientStepRow.__table__
_GRANT: Any = GrantRow.__table__
_TOKEN: Any = AccessTokenRow.__table__
_CLIENT: Any = ClientRow.__table__


class SqlClientSteps:
    """The steps on one database."""

    def __init__(self, database: Database) -> None:
        c = _STEP.c
        its = c.client_id == parameter(c.client_id)
        this = (its, c.step == parameter(c.step))
        entered = database.insert(_STEP).values({column.name: parameter(column) for column in c})
        key = ["client_id", "step"]
        rest = {name: entered.excluded[name] for name in ("at", "about", "by_sub", "note")}
        self._of = database.read(select(*c).where(its))
        self._all = database.read(select(*c))
        self._used = database.read(select(c.client_id, c.at).where(c.step == literal_column(f"'{Step.USED.value}'")))
        self._note = database.write(entered.inline().on_conflict_do_update(index_elements=key, set_=rest), audit_insert())
        self._forget = database.write(audit_insert(), guard=delete(_STEP).where(*this).returning(c.client_id))
        self._seen_first = database.write(entered.inline().on_conflict_do_nothing(index_elements=key), durable=False)
        self._seen_last = database.write(entered.inline().on_conflict_do_update(
            index_elements=key, set_=rest, where=entered.excluded.at > c.at), durable=False)
        self._seen_other = database.write(entered.inline().on_conflict_do_update(
            index_elements=key, set_=rest, where=entered.excluded.about != c.about), durable=False)
        self._clients = database.read(select(_CLIENT.c.client_id).order_by(_CLIENT.c.client_id))
        of_it = {table: table.c.client_id == parameter(table.c.client_id) for table in (_GRANT, _TOKEN)}
        self._grants = database.read(select(func.min(_GRANT.c.created_at).label("first"), func.max(_GRANT.c.created_at).label(
            "last")).where(of_it[_GRANT]))
        self._tokens = database.read(select(func.min(_TOKEN.c.issued_at).label("first"), func.max(_TOKEN.c.issued_at).label(
            "last")).where(of_it[_TOKEN], _TOKEN.c.grant_id == literal_column("''")))

    def of(self, client_id: str) -> Mapping[Step, Done]:
        """Give an application's steps."""
        return {step: done for _, step, done in map(_read, self._of.all(client_id=client_id))}

    def all(self) -> Mapping[str, Mapping[Step, Done]]:
        """Give every application's steps."""
        found: dict[str, dict[Step, Done]] = defaultdict(dict)
        for client_id, step, done in map(_read, self._all.all()):
            found[client_id][step] = done
        return found

    def last_used(self) -> Mapping[str, int]:
        """Give when each application was used last."""
        return {row.client_id: int(row.at) for row in self._used.all()}

    def note(self, client_id: str, step: Step, done: Done, record: AuditRecord) -> None:
        """Keep a step in place of an earlier one."""
        self._note.run(**_values(client_id, step, done), **audit_values(record))

    def forget(self, client_id: str, step: Step, record: AuditRecord) -> bool:
        """Take a step back, with its record; without either where there was none."""
        return self._forget.run(client_id=client_id, step=step.value, **audit_values(record)) is not None

    def heard_of_logout(self, client_id: str, address: str, now: int) -> None:
        """Note that an application took a logout notice at an address; the first time counts."""
        self._seen_other.run(**_values(client_id, Step.LOGOUT_PROVEN, Done(now, address)))

    def look_at_use(self) -> int:
        """Note who was used for the first and for the last time, from what is in the database now; gives how many were used.

        Grants and tokens are deleted after their time; what was noted of them stays.
        """
        used = 0
        for row in self._clients.all():
            times: Sequence[Any] = [self._grants.one(client_id=row.client_id), self._tokens.one(client_id=row.client_id)]
            known = [found for found in times if found is not None and found.last is not None]
            if not known:
                continue
            used += 1
            first, last = min(int(found.first) for found in known), max(int(found.last) for found in known)
            self._seen_first.run(**_values(row.client_id, Step.CONNECTED, Done(first)))
            self._seen_last.run(**_values(row.client_id, Step.USED, Done(last)))
        return used


def _values(client_id: str, step: Step, done: Done) -> dict[str, Any]:
    return {"client_id": client_id, "step": step.value, "at": done.at, "about": done.about, "by_sub": done.by, "note": done.note}


def _read(row: Any) -> tuple[str, Step, Done]:
    return row.client_id, Step(row.step), Done(int(row.at), row.about, row.by_sub, row.note)
