"""Checklist 28: a TOTP code is accepted once per step, across nodes; factor failures are throttled apart from passwords."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select

from idp.adapters.key_files import KEY_ENCRYPTION_KEY, FileSealer, KeyFolder
from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.tables import AuditRow, TotpRow
from idp.audit import AuditEvent, AuditRecord
from idp.authn.totp import Acceptance, Totp
from idp.directory.mirror import MirroredOfficer
from tests.authn.house import SEED, Node
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory, officer

RECORD = AuditRecord(AuditEvent.FACTOR_ACCEPTED, 1_700_000_000)


@pytest.fixture
def nodes(database: Database) -> tuple[Node, Node]:
    directory, clock = FakeDirectory([officer("lanhdao")]), FakeClock()
    return Node(database, directory, clock), Node(database, directory, clock)


@pytest.fixture
def leader(nodes: tuple[Node, Node]) -> MirroredOfficer:
    assert nodes[0].outcome("lanhdao") == "accepted"
    leader = nodes[0].mirror.by_uid("lanhdao")
    assert leader is not None
    nodes[0].totp.enrol(leader.officer.entry_uuid, SEED, sub=leader.sub)
    return leader


def test_line_28_twenty_threads_on_two_nodes_with_one_code(
        nodes: tuple[Node, Node], leader: MirroredOfficer, database: Database) -> None:
    code, barrier = nodes[0].code(), threading.Barrier(20)

    def attempt(number: int) -> str:
        barrier.wait()
        return nodes[number % 2].factor(leader, code, f"192.0.2.{number}")

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count("accepted") == 1
    assert set(outcomes) <= {"accepted", "reused", "throttled"}
    accepted = select(func.count().label("n")).select_from(AuditRow).where(AuditRow.event == "factor.accepted")
    assert database.read(accepted).one().n == 1


def test_line_28_the_next_step_is_accepted_and_no_earlier_one(nodes: tuple[Node, Node], leader: MirroredOfficer) -> None:
    assert nodes[0].factor(leader, nodes[0].code()) == "accepted"
    assert nodes[1].factor(leader, nodes[0].code(-1)) == "reused"
    assert nodes[1].factor(leader, nodes[0].code(1)) == "accepted"


def test_line_28_wrong_codes_do_not_stop_passwords_nor_wrong_passwords_codes(
        nodes: tuple[Node, Node], leader: MirroredOfficer) -> None:
    for _ in range(12):
        nodes[0].factor(leader, "000000", "192.0.2.1")
        nodes[1].outcome("lanhdao", "wrong", "192.0.2.2")
    assert nodes[0].factor(leader, nodes[0].code(), "192.0.2.1") == "throttled"
    assert nodes[0].outcome("lanhdao", source="192.0.2.1") == "accepted"
    assert nodes[0].outcome("lanhdao", source="192.0.2.2") == "throttled"
    assert nodes[0].factor(leader, nodes[0].code(), "192.0.2.2") == "accepted"


def test_line_28_parallel_guesses_of_codes_never_pass_the_limit(nodes: tuple[Node, Node], leader: MirroredOfficer) -> None:
    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(lambda n: nodes[n % 2].factor(leader, f"{n:06}", f"192.0.2.{n}"), range(60)))
    assert outcomes.count("refused") <= 10


def test_line_28_seeds_stand_in_the_database_sealed(database: Database, tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    folder.make()
    clock = FakeClock()
    totp = Totp(SqlTotpStore(database), FileSealer(folder.folder / KEY_ENCRYPTION_KEY), clock)
    totp.enrol("officer", SEED)
    sealed = bytes(database.read(select(TotpRow.sealed_seed)).one().sealed_seed)
    assert SEED.encode() not in sealed
    assert base64.b32decode(SEED) not in sealed
    assert totp.accept("officer", pyotp.TOTP(SEED).at(clock.now()), RECORD) is Acceptance.ACCEPTED
