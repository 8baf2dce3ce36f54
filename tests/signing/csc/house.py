"""Signing by SIM with the room of the CSC API on top, on a database; the officer's hands are a test's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.csc_authorizations import SqlCscAuthorizations
from idp.errors import RefusedError
from idp.signing.csc.algorithms import Wanted
from idp.signing.csc.authorization import ActivationData, Authorization, Document, Requester, Wish
from idp.signing.csc.credential import Credentials, Names
from idp.signing.csc.hash_signing import HashSigning
from idp.signing.csc.waiting import Waiting
from idp.signing.transaction import State
from tests.fakes.clock import FakeClock
from tests.signing.test_signing import CALLER
from tests.signing.test_signing import House as Phones

FIRST, SECOND = hashlib.sha256(b"van ban 1").digest(), hashlib.sha256(b"van ban 2").digest()
ECDSA = Wanted("ecdsa", "sha256")


class House(Phones):
    """One province with one carrier and the CSC room."""

    def __init__(self, database: Database, *, multisign: int = 3, places: int = 4, clock: FakeClock | None = None) -> None:
        super().__init__(database, clock)
        self.authorizations, self.activation = SqlCscAuthorizations(database), ActivationData(b"k" * 32)
        self.credentials = Credentials(self.sims, self.standings, self.store, lambda certificate: (), Names(b"n" * 32),
                                       self.clock)
        self.waits: list[Callable[[], None]] = []
        """What happens at each moment of a wait; when there is nothing left the officer signs."""
        self.waiting = Waiting(places, self._pause)
        self.csc = HashSigning(self.signing, self.credentials, self.authorizations, self.activation, self.waiting, self.clock,
                               multisign=multisign)

    def who(self, **changes: Any) -> Requester:
        return replace(Requester(client_id="qlvb", sub="sub-1", unit_code="H30.1", title="Giám đốc"), **changes)

    def credential(self, sub: str = "sub-1") -> str:
        return self.credentials.naming.of(sub, self.cards[sub].der)

    def wish(self, *digests: bytes, total: int = 0, sub: str = "sub-1") -> Wish:
        digests = digests or (FIRST,)
        return Wish(credential_id=self.credential(sub), digest_name="sha256", digests=digests, total=total or len(digests),
                    documents=tuple(Document("12/CV-STTTT", "Công văn về việc ký số") for _ in digests))

    def authorize(self, *digests: bytes, total: int = 0, **changes: Any) -> tuple[str, Authorization]:
        who = self.who(**changes)
        one = self.csc.authorize(who, self.wish(*digests, total=total, sub=who.sub), CALLER)
        return self.csc.sad(one)[0], one

    def take(self, sad: str, *digests: bytes, wanted: Wanted = ECDSA, credential: str = "", **changes: Any) -> list[bytes]:
        who = self.who(**changes)
        return self.csc.sign(who, sad, credential or self.credential(who.sub), digests or (FIRST,), wanted, CALLER)

    def hands(self) -> None:
        """Sign whatever a phone shows, and let time pass until it is known."""
        for one in list(self.carrier.asked):
            transaction = self.store.find(one)
            if transaction is not None and transaction.state is State.SENT and one not in self.carrier.signatures:
                by = next(sub for sub, card in self.cards.items() if card.iccid == transaction.iccid)
                self.sign(transaction, by=by)
        self.clock.advance(10)

    def _pause(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.pop(0)() if self.waits else self.hands()


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Give status, code and words of a refusal."""
    with pytest.raises(RefusedError) as refused:
        call()
    return refused.value.status, refused.value.code, refused.value.message
