"""Signatures are looked through as they stand, forward and back, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.history import SqlSignatureHistory
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.audit import AuditEvent, AuditRecord
from idp.signing.ports import SignatureSearch
from idp.signing.transaction import State, Transaction, begun

BEGAN = 1_795_000_000
UNITS = ("H30.11", "H30.11.2", "H30.110", "H30.12", "H30.1")
STATES = (State.SENT, State.RELEASED, State.FAILED)


def kept(database: Database, many: int) -> list[Transaction]:
    """Keep signatures, one a minute, and give them, the newest first."""
    store, found = SqlTransactions(database), list[Transaction]()
    for number in range(many):
        at, state = BEGAN + 60 * number, STATES[number % 3]
        one = Transaction(
            transaction_id=f"s{at * 1_000_000:014x}{number:020x}", client_id=f"app-{number % 4}", idempotency_key=str(number),
            sub=f"sub-{number % 7}", unit_code=UNITS[number % 5], title="", msisdn="84912345678", iccid=f"89849900{number:011}",
            carrier="mang", certificate=b"c" * 32, digest_name="sha256", digest=b"d" * 32, document=str(number),
            subject="", text="", code="1462", timeout_seconds=120, state=state, created_at=at, deadline_at=at + 200,
            next_try_at=None, denied_at=at + 1 if number % 9 == 0 else None, occupies=False)
        assert store.add(begun(one, datetime.fromtimestamp(at, UTC), {}), AuditRecord(AuditEvent.SIGNATURE_ASKED, at))
        found.append(one)
    return found[::-1]


def expected(all_of_them: Sequence[Transaction], search: SignatureSearch) -> list[str]:
    return [one.document for one in all_of_them if (
        (not search.unit or one.unit_code == search.unit or one.unit_code.startswith(f"{search.unit}."))
        and search.sub in ("", one.sub) and search.client_id in ("", one.client_id) and search.state in ("", one.state.value)
        and (not search.denied or one.denied_at is not None) and search.since <= one.created_at < search.before)]


def test_every_way_to_look_gives_what_is_meant_and_pages_join(database: Database) -> None:
    there, history = kept(database, 60), SqlSignatureHistory(database)
    times = ((0, 10**10), (BEGAN + 600, BEGAN + 1800))
    for unit, sub, client, state, denied, (since, before) in product(
            ("", "H30.11", "H30"), ("", "sub-3"), ("", "app-1"), ("", "failed"), (False, True), times):
        search = SignatureSearch(unit=unit, sub=sub, client_id=client, state=state, denied=denied, since=since, before=before)
        meant = expected(there, search)
        assert [one.document for one in history.page(search, limit=100)] == meant, search
        turned, place = list[str](), ""
        for _ in range(9):
            page = history.page(search, after=place, limit=7)
            turned += [one.document for one in page]
            if len(page) < 7:
                break
            place = page[-1].transaction_id
        assert turned == meant, search
        if len(meant) > 7:
            back = history.page(search, before=place or page[-1].transaction_id, limit=3)
            upto = meant.index(next(one.document for one in there if one.transaction_id == (place or page[-1].transaction_id)))
            assert [one.document for one in back] == meant[max(0, upto - 3):upto], search
    whole = history.page(SignatureSearch(), limit=1)[0]
    assert SqlTransactions(database).find(whole.transaction_id) == whole
