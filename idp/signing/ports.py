"""What signing needs of others: where transactions rest, whose SIM it is, and how its certificate stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from ..audit import AuditRecord
from ..notices import Notice
from .outcome import Outcome
from .transaction import Change, Event, Purpose, Transaction

TEST: Final = "sim:test"
"""Stands for the application in the first signature of a SIM, which shows that card, number and certificate fit.

No application has such an identifier: for this one alone a card signs that has not shown what it is.
"""


IN_DOUBT: Final = "sim_in_doubt"
"""Why a SIM signs nothing of which the carrier says that it was exchanged, as of too many others at once (``sims.brake``)."""


@dataclass(frozen=True, slots=True)
class BoundSim:
    """A SIM that signs for an officer.

    Attributes:
        msisdn: International, without ``+``.
        iccid: Number of the card.
        carrier: Name of the service that reaches it.
        certificate: DER.
        sim_id: Its name among ours; empty where it is kept elsewhere.
        revision: Of the SIM, as it was looked at: it changes when the SIM is lost, blocked, or has another key.
    """

    msisdn: str
    iccid: str
    carrier: str
    certificate: bytes
    sim_id: str = ""
    revision: int = 0


class Sims(Protocol):
    """Which SIMs sign."""

    def signing(self, sub: str, *, testing: bool = False, iccid: str = "") -> BoundSim:
        """Give the officer's SIM: the one with a card, or where none is named the one that signs as the officer.

        A SIM that signs as an agency is never given to who does not name it. ``testing``: the one whose first signature is
        missing, for nobody but ``TEST``.

        Raises:
            RefusedError: 404 ``no_sim``; 409 ``sim_blocked``: lost, or its PIN is blocked; the message tells the officer which;
                409 ``IN_DOUBT``.
        """
        ...

    def all(self, sub: str) -> Sequence[BoundSim]:
        """Give every SIM that signs by an officer's hand: as the officer, then as an agency whose seal the officer keeps."""
        ...

    def authenticating(self, sub: str) -> BoundSim:
        """Give the SIM by which an officer signs in, with the certificate of its key for that and never of the other.

        Raises:
            RefusedError: as ``signing``; ``no_sim`` also where the SIM has no such key, and where it signs as an agency.
        """
        ...

    def told(self, sub: str, iccid: str, outcome: Outcome) -> None:
        """Hear what a service says of a card: its PIN or the card is blocked, it is another one, or not registered.

        Never raises but UnavailableError; for a card that is not the officer's any more nothing happens.
        """
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a certificate stands: the word, and who says so (an OCSP response, DER)."""

    status: Literal["good", "revoked", "unknown"]
    proof: bytes


class Standings(Protocol):
    """Who knows how certificates stand."""

    def of(self, certificate: bytes) -> Standing:
        """Ask about a certificate (DER). Raises UnavailableError where nobody answers."""
        ...


class TransactionStore(Protocol):
    """Where transactions rest, for ever. Every verb raises UnavailableError when the database does not answer."""

    def add(self, change: Change, record: AuditRecord) -> bool:
        """Keep a new one, its first event and the record, in one transaction.

        False, and no transaction is kept, where its client has used the idempotency key before or the card is occupied: each
        holds also for those who come at the same moment.
        """
        ...

    def change(self, change: Change, record: AuditRecord | None, notices: Sequence[Notice] = ()) -> bool:
        """Write a step with its event, record and notices (``denial.MOST`` at most); False when somebody was first."""
        ...

    def warn(self, change: Change, record: AuditRecord, warning: Notice) -> bool:
        """Write a step as ``change`` does, and tell the officer, unless that was done within the last hour."""
        ...

    def claim(self, transaction: Transaction, next_try_at: int) -> Transaction | None:
        """Move the next time at which a service is asked, and count the try: of two who are about to ask one does.

        None where somebody was first; else the transaction as it is now.
        """
        ...

    def find(self, transaction_id: str) -> Transaction | None:
        """Find one."""
        ...

    def by_key(self, client_id: str, idempotency_key: str) -> Transaction | None:
        """Find the signature that a client calls so."""
        ...

    def bound(self, binding: str, purpose: Purpose) -> Transaction | None:
        """Find what was last asked for a sign-in, or an approval."""
        ...

    def release(self, change: Change, record: AuditRecord, sim: BoundSim) -> bool:
        """Write that a signature is given out, as long as its SIM is as it was looked at; one statement.

        False when somebody was first, or the SIM was lost, blocked or given another key meanwhile.
        """
        ...

    def take(self, change: Change, record: AuditRecord, entry_uuid: str, sim: BoundSim) -> bool:
        """Write that a sign-in was opened, once, with its event, the record and the time on the officer's factor.

        False when somebody was first, the factor was taken away, or as ``release``.
        """
        ...

    def occupying(self, iccid: str) -> Transaction | None:
        """Give the one that occupies a card, whatever it is for."""
        ...

    def carriers_due(self, now: int) -> Sequence[str]:
        """Name the services of which somebody is to be asked."""
        ...

    def due(self, carrier: str, now: int, *, limit: int) -> Sequence[Transaction]:
        """Give those of a service at which somebody is to look, the most overdue first."""
        ...

    def refusals(self, sub: str, purpose: Purpose, since: int, *, most: int) -> Sequence[int]:
        """Say when an officer has last refused what a card was asked for a purpose, on the phone or by saying "not me".

        The last ones after a moment, each transaction once: at least ``most`` of them where there are so many, and never more
        than twice that.
        """
        ...

    def of_officer(self, sub: str, *, before: str = "", limit: int) -> Sequence[Transaction]:
        """Give an officer's signatures, newest first, from one on (its identifier, exclusive)."""
        ...

    def events(self, transaction_id: str) -> Sequence[Event]:
        """Give the history, oldest first."""
        ...

    def blob(self, sha256: str) -> bytes | None:
        """Give an octet string that an event names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSearch:
    """Which signatures are meant; empty texts mean any.

    Attributes:
        unit: Signed for this agency and those below it, as they were then.
        denied: Only those of which the officer says that they never asked for them.
        since: Asked for then or later, seconds since the epoch.
        before: Asked for before then.
    """

    unit: str = ""
    sub: str = ""
    client_id: str = ""
    state: str = ""
    denied: bool = False
    since: int = 0
    before: int = 10**10


class SignatureHistory(Protocol):
    """Looks through all transactions. Raises UnavailableError when the database does not answer."""

    def page(self, search: SignatureSearch, *, after: str = "", before: str = "", limit: int) -> Sequence[Transaction]:
        """Give those that are meant, the newest first: the first after one, or the last before one (identifiers)."""
        ...
