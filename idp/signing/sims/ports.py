"""What SIM enrolment needs of others: where SIMs rest, who sends short messages, and who certifies a card's key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ...audit import AuditRecord, Caller
from ...notices import Notice
from ..mobile_signature import KeyUse
from .sim import Entry, Sim, SimChange

DOUBTED: Final = "in_doubt"
"""Stands for a state where SIMs are looked for or counted: those in doubt, whatever their state."""


@dataclass(frozen=True, slots=True)
class SimSearch:
    """Which SIMs are meant; empty texts mean any.

    Attributes:
        unit: This agency and those below it.
        state: One state, or ``DOUBTED``.
        words: The whole number as people type it, or its last three digits, which is what lists show of it (a shorter way would
            tell a masked number digit by digit); part of the card's number, or of what the holder is called.
    """

    unit: str = ""
    state: str = ""
    carrier: str = ""
    sub: str = ""
    words: str = ""


class SimStore(Protocol):
    """Where SIMs rest, for ever. Every verb raises UnavailableError when the database does not answer."""

    def add(self, change: SimChange, record: AuditRecord, notice: Notice | None = None) -> bool:
        """Keep a new one with its first line; False where the number is somebody's: it is one officer's at a time."""
        ...

    def change(self, change: SimChange, record: AuditRecord, notice: Notice | None = None) -> bool:
        """Write a step with its line, record and notice; False when somebody was first, or the card is another SIM's."""
        ...

    def find(self, sim_id: str) -> Sim | None:
        """Find one."""
        ...

    def of_officer(self, sub: str) -> Sequence[Sim]:
        """Give an officer's, the newest first."""
        ...

    def of_number(self, msisdn: str) -> Sequence[Sim]:
        """Give those of a number, the newest first."""
        ...

    def by_card(self, sub: str, iccid: str) -> Sim | None:
        """Find the one of an officer with a card that is live."""
        ...

    def of_card(self, iccid: str) -> Sim | None:
        """Find the live one with a card, whoever's it is."""
        ...

    def to_be_revoked(self, authority: str, *, limit: int) -> Sequence[Sim]:
        """Give those of which a certificate of an authority has to be revoked, by ``sim_id``."""
        ...

    def page(self, search: SimSearch, *, after: str, limit: int, before: str = "") -> Sequence[Sim]:
        """Give those that are meant, by ``sim_id``, after one or before one: in the order in which they were asked for."""
        ...

    def page_since(self, search: SimSearch, *, after: tuple[int, str] | None, before: tuple[int, str] | None,
                   limit: int) -> Sequence[Sim]:
        """Give those that are meant, by how long they have been as they are, after a place or before one."""
        ...

    def counts(self, unit: str) -> dict[str, int]:
        """Count those of an agency and below it ("": all) by state, and those in doubt besides."""
        ...

    def history(self, sim_id: str) -> Sequence[Entry]:
        """Give the history, oldest first."""
        ...

    def codes_sent(self, sub: str, msisdn: str, since: int) -> Sequence[tuple[str, int]]:
        """Give number and time of every code that was sent for an officer's SIMs, or for a number's, since a moment."""
        ...

    def on_the_way(self, *, tried_before: int, refused_before: int, limit: int) -> Sequence[Sim]:
        """Give those with a card that is not registered, a first signature under way, or a certificate to be revoked.

        Cards whose service was asked since ``tried_before`` wait, and those that it refused since ``refused_before``; those come
        first that waited longest.
        """
        ...

    def unchecked(self, before: int, *, limit: int) -> Sequence[Sim]:
        """Give cards in use whose service was not asked since a moment, those first that waited longest."""
        ...

    def revoked(self, sim: Sim) -> None:
        """Note that what was to be revoked of a SIM, as it is here, was revoked; nothing else changes."""
        ...

    def checked(self, sim: Sim, now: int) -> None:
        """Note that the service was asked; nothing else changes."""
        ...


class ShortMessages(Protocol):
    """Sends short messages."""

    def send(self, carrier: str, msisdn: str, text: str) -> None:
        """Send one.

        Raises:
            SimError: 422 ``number_unknown``: the carrier knows no such number.
            UnavailableError: nobody takes it (dependency ``short_messages``).
        """
        ...


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate for a card's key: DER, serial (hexadecimal), and the name of the authority."""

    der: bytes
    serial: str
    authority: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A certificate for a card's key that is made and does not stand yet: first its number is kept by the SIM.

    Attributes:
        certificate: As it will stand.
        issue: Lets it stand; nothing where it does already. Raises RefusedError 409 ``changed``: it was given up meanwhile.
    """

    certificate: Certified
    issue: Callable[[Caller], None]


class Certifier(Protocol):
    """Certifies keys of cards."""

    def awaited(self, sim: Sim) -> bool:
        """Tell whether somebody else has to make the certificate of a card for signing, and has not: nobody is asked yet."""
        ...

    def prepare(self, sim: Sim, public_key: bytes, *, use: KeyUse = "signing") -> Prepared:
        """Make the certificate of a key (DER ``SubjectPublicKeyInfo``) for a SIM's holder; the one that stands when asked again.

        Of ``authentication`` it signs no documents. One that the SIM keeps already and that was never issued is given up: no
        process that is slower lets it stand any more.

        Raises:
            RefusedError: the key is not certified here, or there is no authority.
        """
        ...

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller, *, certificate: bytes = b"") -> None:
        """Revoke a certificate of a SIM, where it stands, and give it up where it does not yet; ``lost``, ``swapped``, ``ended``.

        Args:
            serial: Its number.
            authority: Who has made it.
            reason: Why.
            caller: For the records.
            certificate: DER; needed of one that is the Government's.

        Raises:
            RefusedError: 409 ``waits_for_revocation``: it is the Government's, and does not stand on its list yet.
        """
        ...
