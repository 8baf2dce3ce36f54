"""Accounts that a rollout forgets (port: ``rollout.accounts.AccountStore``), in the order of the primary key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Integer, bindparam, func, literal_column, select

from ....clock import Clock
from ....directory.term import is_over
from ....oauth.client import Client
from ....rollout.accounts import DORMANT_DAYS, Account, AccountList
from ..database import Database, parameter
from ..directory.as_of import Unit, is_active, perhaps_of_unit
from ..tables import OfficerRow, RolloutFactRow

OFFICER: Any = OfficerRow.__table__
FACT: Any = RolloutFactRow.__table__
_NOWHERE = {"unit_code": "", "unit_name": "", "title": ""}


class SqlAccounts:
    """Looks for them. Raises UnavailableError when the database does not answer.

    Args:
        database: The database.
        clients: Gives every registered application.
        clock: Officers count as of now.
    """

    def __init__(self, database: Database, clients: Callable[[], Sequence[Client]], clock: Clock) -> None:
        self._clients, self._clock = clients, clock
        c = OFFICER.c
        conditions = {
            AccountList.DORMANT: c.last_sign_in_at < parameter(c.last_sign_in_at, "least"),
            AccountList.NEVER_SIGNED_IN: c.first_sign_in_at.is_(None),
            AccountList.WITHOUT_MAILBOX: c.mail == literal_column("''")}
        wanted = {which: (is_active("now"), c.guest == literal_column("''"), condition, perhaps_of_unit())
                  for which, condition in conditions.items()}
        self._counts = {which: database.read(select(func.count().label("officers")).select_from(OFFICER).where(*narrowed))
                        for which, narrowed in wanted.items()}
        self._lists = {which: database.read(
            select(c.entry_uuid, c.sub, c.name, c.posts, c.last_sign_in_at)
            .where(c.entry_uuid > parameter(c.entry_uuid, "after"), *narrowed)
            .order_by(c.entry_uuid).limit(bindparam("limit", type_=Integer()))) for which, narrowed in wanted.items()}
        self._proven = database.read(select(FACT.c.subject).where(
            FACT.c.kind == literal_column("'logout'"), FACT.c.value == literal_column("'1'")).distinct())

    def officers(self, which: AccountList, *, unit: str, after: str, limit: int) -> Sequence[Account]:
        """Give active officers of a list."""
        now, scope = self._clock.now(), Unit(unit, self._clock.now())

        def rows_after(place: str) -> list[Any]:
            return self._lists[which].all(after=place, limit=limit, **_moments(which, now), **scope.parameters)

        rows = scope.page(rows_after, after, place_of=lambda row: row.entry_uuid, posts_of=lambda row: row.posts, limit=limit)
        return [self._officer(row, now) for row in rows]

    def count(self, which: AccountList, *, unit: str) -> int:
        """Count active officers of a list."""
        now = self._clock.now()
        return int(self._counts[which].all(**_moments(which, now), **Unit(unit, now).parameters)[0].officers)

    def applications(self) -> Iterator[Account]:
        """Give applications."""
        proven = {row.subject for row in self._proven.all()}
        for client in self._clients():
            if not client.disabled and client.client_id not in proven:
                yield Account(client.client_id, client.client_id, client.client_name or client.client_id, "", client.owner_unit,
                              client.owner, tells_logout=bool(client.backchannel_logout_uri))

    def _officer(self, row: Any, now: int) -> Account:
        post = next((post for post in orjson.loads(row.posts) if not is_over(post.get("ends_at", 0), now)), _NOWHERE)
        return Account(row.sub, row.entry_uuid, row.name, post["title"], post["unit_code"], post["unit_name"],
                       row.last_sign_in_at)


def _moments(which: AccountList, now: int) -> dict[str, int]:
    return {"now": now, **({"least": now - DORMANT_DAYS * 86400} if which is AccountList.DORMANT else {})}
