"""What a province has besides its officers: SIMs, devices, permissions, tasks, signatures and all else that lists show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import db

DAY: Final = 86400
_EVENTS: Final = ("token.issued", "token.refreshed", "token.issued", "code.issued", "sign_in", "factor.accepted")
_SIMS: Final = ("active", "active", "active", "active", "bound", "requested", "card_given", "pin_blocked", "lost", "replaced")
_DEVICES: Final = ("handed_over", "handed_over", "handed_over", "return_due", "returned", "in_stock")
_TASKS: Final = ("certificate_revocation", "sim_revocation", "certificate_change")
_SIGNED: Final = (("released", "signed"), ("released", "signed"), ("failed", "cancelled"), ("timed_out", "expired"))
_ONCE: Final = 50_000
_LEFT_TO_THE_DATABASE: Final = frozenset({"id", "xact"})
Row = dict[str, object]


def fill(database: Database, table: str, many: int, row: Callable[[int], Row]) -> None:
    """Write rows as many at a time as there are; PostgreSQL's are copied.

    Args:
        database: Where.
        table: Its name.
        many: How many.
        row: Gives what is named of one, by its number, the same names for each. All else is empty, or NULL where it may be.
    """
    named = tuple(row(0))
    bare = {one.name: {int: 0, bool: False, bytes: b""}.get(one.type.python_type, "") for one in db.metadata.tables[table].columns
            if not one.nullable and one.name not in named and one.name not in _LEFT_TO_THE_DATABASE}
    names, rest = ", ".join(f'"{name}"' for name in (*named, *bare)), tuple(bare.values())
    for first in range(0, many, _ONCE):
        rows = ((*row(number).values(), *rest) for number in range(first, min(many, first + _ONCE)))
        with database.cursor(database.relaxed) as cursor:
            if database.is_sqlite:
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * (len(named) + len(bare)))})', rows)
            else:
                with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for one in rows:
                        copy.write_row(one)


def records(database: Database, subjects: Sequence[str], applications: int, many: int, end: int) -> None:
    """Write audit records of two years, most of them tokens."""
    fill(database, "audit", many, lambda n: {
        "epoch": 1, "at": end - (many - n) * 730 * DAY // many, "event": _EVENTS[n % len(_EVENTS)],
        "sub": subjects[n * 7919 % len(subjects)], "client_id": f"ung-dung-{n * n % applications}",
        "source": f"10.0.{n % 40}.{n % 250}", "request_id": f"r{n}", "detail": '{"acr":2}'})


def crowd(database: Database, people: Sequence[tuple[str, str, str]], end: int, *, by: str) -> None:
    """Write what so many officers have, have asked for and have done by a moment.

    Args:
        database: Where officers and applications are already.
        people: Subject, agency and name of each.
        end: The moment, in seconds of the epoch.
        by: Subject of whoever looks through the lists, and has asked for every other job.
    """
    many, few = len(people), max(len(people) // 20, min(len(people) // 4, 80))

    def of(number: int) -> Row:
        return dict(zip(("sub", "unit_code", "name"), people[number * 7919 % many], strict=True))

    def who(number: int) -> Any:
        return people[number * 7919 % many][0]

    fill(database, "sim", many, lambda n: of(n) | {
        "sim_id": f"S{n:08}", "unit_name": "Sở", "seal": n % 100 == 0, "msisdn": f"8491{n:07}", "carrier": f"nha-mang-{n % 2}",
        "iccid": f"8984{n:015}", "state": _SIMS[n % 10], "since": end - n % 700 * DAY, "created_at": end - n % 700 * DAY - 5,
        "serial": f"{n:x}"})
    fill(database, "custody_device", many, lambda n: {
        "device_id": f"TB-{n:08}", "kind": "token", "serial": f"TK{n:08}", "state": _DEVICES[n % 6], "holder": who(n),
        "unit_code": of(n)["unit_code"], "since": end - n % 700 * DAY, "due_at": end + (n % 60 - 30) * DAY})
    fill(database, "oauth_grant", many, lambda n: {
        "grant_id": f"g{n}", "client_id": "qlvb" if n % 4 == 0 else f"ung-dung-{n % 7}", "sub": who(n), "sid": f"s{n}",
        "scope": "openid profile unit", "offline": True, "auth_time": end - n, "acr": 1, "amr": "pwd", "created_at": end - n,
        "expires_at": end + 60 * DAY})
    fill(database, "consent", many, lambda n: {
        "client_id": f"ung-dung-{n % 7}", "sub": people[n][0], "scope": "openid profile", "given_at": end - n})
    fill(database, "sign_transaction", many, lambda n: {
        "transaction_id": f"s{(end - n * 60) * 1_000_000:014x}{n:08x}", "client_id": "qlvb", "idempotency_key": f"k{n}",
        "sub": who(n), "unit_code": of(n)["unit_code"], "document": f"Công văn số {n}", "carrier": "nha-mang-0",
        "state": _SIGNED[n % 4][0], "outcome": _SIGNED[n % 4][1], "created_at": end - n * 60, "deadline_at": end - n * 60 + 120,
        "ended_at": end - n * 60 + 30, "iccid": f"8984{n:015}", "purpose": "signature"})
    fill(database, "task", few * 5, lambda n: {
        "task_id": f"V{n:08}", "kind": _TASKS[n % 3], "sub": who(n), "cause": f"c{n}", "opened_at": end - n * 60,
        "due_at": end + (n % 40 - 20) * DAY, "state": "done" if n % 5 == 0 else "open"})
    fill(database, "job", few * 4, lambda n: {
        "job_id": f"{end - n:012x}{n:08x}", "kind": "officers", "sub": who(n % 40) if n % 2 else by, "asked": "{}",
        "purpose": "Đối soát", "state": "done", "told": "{}", "created_at": end - n * 60})
    fill(database, "outbox", few * 4, lambda n: {
        "kind": "backchannel_logout" if n % 2 else "mail", "receiver": f"ung-dung-{n % 50}" if n % 2 else "", "payload": "{}",
        "state": "dead" if n % 3 == 0 else "sent", "attempts": 9, "next_attempt_at": end, "created_at": end - n})
    for table, left in (("temporary_pass", {"hours": 8, "until": end + DAY}), ("factor_reset", {})):
        fill(database, table, few, lambda n, left=left: {
            "sub": people[n][0], "proposal_id": f"D{n:08}", "reason": "Quên điện thoại", "asked_by": who(n + 1),
            "asked_at": end - n, "expires_at": end + DAY, "state": "open"} | left)
    with database.cursor(database.relaxed) as cursor:  # of those who have a role some have lent it
        mark = "?" if database.is_sqlite else "%s"
        cursor.executemany(f"UPDATE officer SET groups = {mark}, roles_since = {mark} WHERE sub = {mark}",
                           [('["quantri-coquan"]', end - DAY, people[many - 1 - n][0]) for n in range(min(few, 600))])
    fill(database, "deputy", min(few, 200), lambda n: {
        "deputy": people[n][0], "deputy_id": f"U{n:08}", "giver": people[many - 1 - n][0], "unit": people[many - 1 - n][1],
        "reason": "Đi công tác", "made_by": people[many - 1 - n][0], "made_at": end - DAY, "ends_at": end + 30 * DAY})
    fill(database, "announcement", min(few, 300), lambda n: {
        "announcement_id": f"T{n:08}", "level": "info", "places": "portal", "text_vi": f"Bảo trì lần {n}",
        "text_en": f"Maintenance {n}", "from_at": end - n * DAY, "until_at": end - n * DAY + 3600,
        "revision": 1, "made_by": who(n), "made_at": end - n * DAY})
