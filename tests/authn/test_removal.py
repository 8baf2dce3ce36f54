"""Of an officer's last factors one stays, however many are taken away at the same moment (security checklist 15, 33)."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from idp.adapters.sql.authn.certificates import SqlCertificates
from idp.adapters.sql.authn.passkeys import SqlPasskeys
from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.tables import AuditRow, NoticeRow
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.authn.client_certificate import ClientCertificates, Registered
from idp.authn.lockout import FACTOR_LIMITS, Lockout
from idp.authn.passkeys import Passkey, Passkeys
from idp.authn.second_factor import Factor, SecondFactors
from idp.authn.totp import Totp
from idp.directory.mirror import MirroredOfficer
from idp.notices import Notice, NoticeKind
from idp.pki.path_validation import CertificateAuthorities
from tests.fakes.audit_trail import FakeAuditTrail
from tests.fakes.certificates import root
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.fakes.guess_counter import FakeGuessCounter
from tests.fakes.sealer import FakeSealer

from .test_client_certificate import Lists
from .test_passkeys import PARTY

THEIR_OWN = Caller("203.0.113.7", "request-1")


class Desk:
    """An officer with an app, two passkeys and a certificate, on one database."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FakeClock()
        officer = make_officer("canbo")
        self.who = MirroredOfficer(SqlOfficers(database).remember(officer, now=1), officer, "active")
        apps, keys, cards = SqlTotpStore(database), SqlPasskeys(database), SqlCertificates(database)
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, 1, sub=self.who.sub, detail={"factor": "otp"})
        notice, uuid = Notice(NoticeKind.FACTOR_ADDED, self.who.sub, 1), officer.entry_uuid
        apps.put(uuid, b"seed", 1, record, notice)
        keys.user_handle(uuid, b"h" * 32)
        for name in ("a", "b"):
            keys.add(Passkey(
                passkey_id=name, entry_uuid=uuid, user_handle=b"h" * 32, credential_id=name.encode(), public_key=b"k",
                sign_count=0, synced=False, transports=(), name=name, created_at=1, last_used_at=None), record, notice)
        card = Registered("c" * 43, uuid, "CN=canbo", "CN=root", "01", self.clock.now() + 9999, 1, None, 0)
        cards.register(card, record, notice)
        factors: Sequence[Factor] = (
            Totp(apps, FakeSealer(), self.clock), Passkeys(keys, PARTY, self.clock),
            ClientCertificates(cards, CertificateAuthorities([root().certificate]), Lists(), FakeSealer(), self.clock))
        self.factors = SecondFactors([(factor, Lockout(FakeGuessCounter(), self.clock, FACTOR_LIMITS, kind=factor.name))
                                      for factor in factors], FakeAuditTrail(), self.clock)
        database.prepare()

    def remove_all_at_once(self, *, demanded: int) -> list[str]:
        """Take every factor away in a thread of its own."""
        standings = self.factors.of(self.who.officer.entry_uuid)
        barrier, outcomes = threading.Barrier(len(standings)), list[str]()

        def one(name: str, id: str) -> None:
            barrier.wait()
            outcomes.append(self.factors.remove(self.who, name, id, THEIR_OWN, demanded=demanded))

        threads = [threading.Thread(target=one, args=(standing.factor, standing.id)) for standing in standings]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(outcomes)

    def count(self, table: type, *conditions: object) -> int:
        with self.database.durable.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0)  # type: ignore[arg-type]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_security_33_of_four_taken_away_at_once_one_stays_where_it_is_demanded(desk: Desk) -> None:
    assert desk.remove_all_at_once(demanded=2) == ["last", "removed", "removed", "removed"]
    assert len(desk.factors.of(desk.who.officer.entry_uuid)) == 1
    assert desk.count(AuditRow, AuditRow.event == "factor.removed") == 3
    assert desk.count(NoticeRow, NoticeRow.kind == "factor.removed") == 3


def test_nothing_has_to_stay_where_none_is_demanded(desk: Desk) -> None:
    assert desk.remove_all_at_once(demanded=1) == ["removed"] * 4
    assert desk.factors.of(desk.who.officer.entry_uuid) == ()


def test_one_that_is_taken_away_twice_at_once_goes_once(desk: Desk) -> None:
    barrier, outcomes = threading.Barrier(8), list[str]()

    def one() -> None:
        barrier.wait()
        outcomes.append(desk.factors.remove(desk.who, "otp", "", THEIR_OWN, demanded=2))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone"] * 7 + ["removed"]
