"""The signing SIM as a second factor: the phone shows what is signed in to, and its key for that confirms it with the PIN.

Spec: ETSI TS 102 204 §6 (mobile signature), RFC 8176 (amr ``sc``); NIST SP 800-63B-4 §3.1.3 (out-of-band); security checklist 28,
29, 55 to 58; decision 0011. It counts after a password only (``AFTER``): a phone that is asked by whoever knows a name would be
asked all night. Officers choose it for themselves, once their card has a key for it; which card that is, is asked each time, so a
SIM that was lost, exchanged or blocked signs in nobody.

What the phone confirms opens one sign-in of one browser: the challenge is bound to them (``binding``), it is taken once, and only
while it is fresh. That the certificate stands and the card is still the officer's is seen when the phone is asked, when it has
answered and when the answer is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from ..audit import AuditEvent, AuditRecord, Caller
from ..clock import Clock
from ..directory.mirror import MirroredOfficer, OfficerMirror
from ..errors import RefusedError
from ..notices import Notice, NoticeKind
from ..signing.login import Logins
from ..signing.transaction import State, Transaction
from .assurance import CERTIFICATE, PWD, SMART_CARD
from .second_factor import Acceptance, Proof, Standing, told

AFTER: Final = PWD
"""What has to be proven before a phone is asked."""
BINDING: Final = "binding"
"""The member of an answer that names the sign-in."""


class Enrolled(NamedTuple):
    """That an officer signs in by SIM: since when, and when last; seconds since the epoch.

    Attributes:
        approves_since: Since when the phone is also asked what applications ask the officer by name; None: it is not.
    """

    enrolled_at: int
    last_used_at: int | None
    approves_since: int | None = None


class SimLoginStore(Protocol):
    """Who signs in by SIM. Every verb may raise UnavailableError(dependency="database")."""

    def find(self, entry_uuid: str) -> Enrolled | None:
        """Find an officer's."""
        ...

    def add(self, entry_uuid: str, now: int, record: AuditRecord, notice: Notice) -> bool:
        """Enrol with record and notice; False, and nothing written, where it is enrolled already."""
        ...

    def approves(self, entry_uuid: str, since: int | None, record: AuditRecord, notice: Notice) -> bool:
        """Keep whether the phone is asked for approvals, with record and notice; False where it is so, or there is no factor."""
        ...

    def remove(self, entry_uuid: str, record: AuditRecord, notice: Notice, *, keep_one: bool) -> bool:
        """Take it away with record and notice; False if it was not there, or as ``Factor.remove`` says."""
        ...


def binding_of(interaction: str, browser: str) -> str:
    """Name one sign-in of one browser; SHA-256, hexadecimal. Whose it is, is kept beside it."""
    return hashlib.sha256(f"{interaction}\0{browser}".encode()).hexdigest()


class MobileId:
    """The factor ``sim``.

    Args:
        store: Who has chosen it.
        mirror: Whose subject an entryUUID has.
        clock: Source of the time.
    """

    name: Final = "sim"
    level: Final = CERTIFICATE

    def __init__(self, store: SimLoginStore, mirror: OfficerMirror, clock: Clock) -> None:
        self._store, self._mirror, self._clock = store, mirror, clock
        self.phones: Logins | None = None
        """Asks phones; the wiring sets it where carriers are configured. None: the factor is not offered."""

    @property
    def offered(self) -> bool:
        """Whether any carrier asks cards with a key that is for signing in."""
        return self.phones is not None and self.phones.offered

    def may_enrol(self, officer: MirroredOfficer) -> bool:
        """Tell whether an officer has a SIM for it, and has not chosen it yet."""
        return self.offered and self._sim(officer) is not None and self._store.find(officer.officer.entry_uuid) is None

    def enrol(self, officer: MirroredOfficer, caller: Caller) -> bool:
        """Let an officer sign in by SIM, and tell them; False where there is no SIM for it, or they do already."""
        sim = self._sim(officer)
        if sim is None:
            return False
        record = AuditRecord(AuditEvent.FACTOR_ENROLLED, self._clock.now(), sub=officer.sub, source=caller.source,
                             request_id=caller.request_id, detail={"factor": self.name, "card": sim[-4:], **caller.by})
        return self._store.add(officer.officer.entry_uuid, record.at, record, told(NoticeKind.FACTOR_ADDED, record))

    # What applications ask by name (``oidc.phone_approval``)

    def approves(self, officer: MirroredOfficer) -> bool:
        """Tell whether an officer's phone may be asked for approvals now: it was chosen, and there is a SIM for it."""
        found = self._store.find(officer.officer.entry_uuid) if self.offered else None
        return found is not None and found.approves_since is not None and self._sim(officer) is not None

    def choose_approvals(self, officer: MirroredOfficer, wanted: bool, caller: Caller) -> bool:
        """Have the phone asked for approvals from now on, or not any more, and tell the officer; False where nothing changes."""
        record = AuditRecord(AuditEvent.FACTOR_CHANGED, self._clock.now(), sub=officer.sub, source=caller.source,
                             request_id=caller.request_id, detail={"factor": self.name, "approvals": wanted, **caller.by})
        kind = NoticeKind.APPROVALS_BY_PHONE if wanted else NoticeKind.NO_APPROVALS_BY_PHONE
        return self._store.approves(officer.officer.entry_uuid, record.at if wanted else None, record, told(kind, record))

    # In a sign-in

    def ask(self, officer: MirroredOfficer, words: str, binding: str, caller: Caller) -> Transaction:
        """Ask the phone. See ``Logins.ask``.

        Raises:
            RefusedError: as there; 404 ``no_sim`` where the factor is not offered.
            UnavailableError: as there.
        """
        if self.phones is None or not self._stands(officer):
            raise RefusedError("The officer signs in by no SIM.", code="no_sim", status=404)
        return self.phones.ask(officer, words, binding, caller)

    def state(self, sub: str, binding: str, caller: Caller) -> Transaction | None:
        """Give what the phone was last asked for a sign-in, as it is now; None where it was not asked."""
        return self.phones.state(sub, binding, caller) if self.phones is not None else None

    # The factor

    def standings(self, entry_uuid: str) -> tuple[Standing, ...]:
        """Give the SIM, while there is one that signs in.

        One in doubt is still asked for, and cannot be shown: what a carrier says of many at once makes nobody an officer of whom
        the password is enough.
        """
        found = self._store.find(entry_uuid) if self.offered else None
        officer = self._mirror.by_entry_uuid(entry_uuid) if found is not None else None
        if found is None or officer is None or not self._stands(officer):
            return ()
        return (Standing(self.name, found.enrolled_at, found.last_used_at),)

    def verify(self, entry_uuid: str, answer: Mapping[str, str], record: AuditRecord) -> Proof:
        """Take what the phone has confirmed for the sign-in that ``binding`` names, once."""
        caller = Caller(record.source, record.request_id)
        one = self.state(record.sub, answer.get(BINDING, ""), caller)
        if one is None or self.phones is None:
            return Proof(Acceptance.REFUSED, reason="not_asked")
        if one.state is State.RELEASED:
            return Proof(Acceptance.REUSED)
        if one.state is not State.READY:
            return Proof(Acceptance.REFUSED, reason=one.outcome or one.state.value)
        try:
            taken = self.phones.opened(one, entry_uuid, record, caller)
        except RefusedError as err:
            return Proof(Acceptance.REFUSED, reason=err.code)
        return Proof(Acceptance.ACCEPTED, (SMART_CARD,)) if taken else Proof(Acceptance.REUSED)

    def remove(self, entry_uuid: str, id: str, record: AuditRecord, *, keep_one: bool = False) -> bool:
        """Take it away; the SIM goes on signing documents."""
        return self._store.remove(entry_uuid, record, told(NoticeKind.FACTOR_REMOVED, record), keep_one=keep_one)

    def in_doubt(self, sub: str) -> bool:
        """Tell whether an officer's SIM signs in nobody only because it is in doubt."""
        return self.phones is not None and self.phones.in_doubt(sub)

    def _stands(self, officer: MirroredOfficer) -> bool:
        return self._sim(officer) is not None or self.in_doubt(officer.sub)

    def _sim(self, officer: MirroredOfficer) -> str | None:
        """Give the number of the card by which an officer can sign in now."""
        found = self.phones.sim(officer.sub) if self.phones is not None else None
        return None if found is None else found.iccid
