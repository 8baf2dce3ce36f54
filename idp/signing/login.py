"""Asking an officer's phone to confirm a sign-in or an approval: a challenge that the card's key for that signs, no document.

Source: ETSI TS 102 204 §6; security checklist 29, 57 and 58; decisions 0011 and 0013. What is signed is a number made here for
one sign-in of one browser, or for one request of an application, with the digits that stand on both screens. It shares with
signatures that a card is asked one thing at a time, and everything that ``following`` does; it is never given out, and what comes
late opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final

from ..audit import AuditRecord, Caller
from ..directory.mirror import MirroredOfficer
from ..errors import RefusedError
from .mobile_signature import MobileSignatureService
from .ports import IN_DOUBT, BoundSim, Sims
from .signing import Order, Signing
from .sim_text import CUT, LONGEST, folded
from .transaction import APPROVAL, LOGIN, OPEN, Change, State, Transaction

ASKER: Final = "sim-login"
"""Stands for the application in what is asked for signing in."""
_WHAT: Final = b"sign-in challenge, not a document\0"
_APPROVES: Final = b"approval challenge, not a document\0"
_CODE: Final = len(" 0000")
_LEAST_NAME: Final = 16
"""So much of an application's name has to stand before a message, or all of it."""


class Logins:
    """Sign-ins and approvals confirmed by SIM.

    Args:
        signing: Asks phones.
        sims: Whose SIM it is.
        services: The carriers' services, by name.
    """

    def __init__(self, signing: Signing, sims: Sims, services: Mapping[str, MobileSignatureService]) -> None:
        self._signing, self._sims, self._services = signing, sims, services

    @property
    def offered(self) -> bool:
        """Whether any carrier asks cards with a key that is for signing in."""
        return any(service.authenticates for service in self._services.values())

    def sim(self, sub: str) -> BoundSim | None:
        """Give the SIM by which an officer can sign in now; None where there is none."""
        try:
            found = self._sims.authenticating(sub)
        except RefusedError:
            return None
        service = self._services.get(found.carrier)
        return found if service is not None and service.authenticates else None

    def in_doubt(self, sub: str) -> bool:
        """Tell whether an officer could sign in by SIM, were it not in doubt: it stays a factor that has to be shown."""
        try:
            self._sims.authenticating(sub)
        except RefusedError as err:
            return err.code == IN_DOUBT
        return False

    def ask(self, officer: MirroredOfficer, words: str, binding: str, caller: Caller) -> Transaction:
        """Ask the phone, unless it is asked for this sign-in already or has just confirmed it.

        Args:
            officer: Whose password was right.
            words: Where the sign-in leads, for the phone.
            binding: Names the sign-in of one browser; SHA-256, hexadecimal.
            caller: For the records.

        Raises:
            RefusedError: as ``Signing.ask``.
            UnavailableError: as ``Signing.ask``.
        """
        known = self.state(officer.sub, binding, caller)
        if known is not None and (known.state in OPEN or known.state is State.READY):
            return known
        post = officer.officer.main_post
        digest = hashlib.sha256(_WHAT + binding.encode() + secrets.token_bytes(32)).digest()
        try:
            return self._signing.ask(Order(
                client_id=ASKER, idempotency_key=secrets.token_hex(16), sub=officer.sub, unit_code=post.unit_code,
                title=post.title, digest_name="sha256", digest=digest, document=f"DANG NHAP {words}",
                subject=words, purpose=LOGIN, binding=binding), caller)
        except RefusedError as err:
            other = self.state(officer.sub, binding, caller) if err.code == "sim_busy" else None
            if other is None or other.state not in OPEN:
                raise
            return other  # two presses of the button at one moment

    def state(self, sub: str, binding: str, caller: Caller) -> Transaction | None:
        """Give what the officer's phone was last asked for a sign-in, as it is now; None where it was not asked."""
        one = self._signing.bound(binding, caller) if binding else None
        return one if one is not None and one.sub == sub else None

    def opened(self, one: Transaction, entry_uuid: str, record: AuditRecord, caller: Caller) -> bool:
        """Take what a phone has confirmed, once. See ``Signing.opened``."""
        return self._signing.opened(one, entry_uuid, record, caller)

    # What applications ask officers by name

    def ask_to_approve(self, officer: MirroredOfficer, client_id: str, name: str, text: str, binding: str, caller: Caller, *,
                       seconds: int) -> Transaction:
        """Store a question about a request; the worker asks the phone. Once for each request, whatever becomes of it.

        Args:
            officer: Who is asked.
            client_id: The application that asks.
            name: What officers call it.
            text: As ``approval_text``.
            binding: Names the request; SHA-256, hexadecimal.
            caller: Who asks, for the records.
            seconds: How long the answer is worth anything.

        Raises:
            RefusedError: as ``Signing.ask``; ``sim_busy`` also where this request was asked before.
            UnavailableError: as ``Signing.ask``.
        """
        post = officer.officer.main_post
        challenge = b"\0".join((binding.encode(), text.encode(), secrets.token_bytes(32)))
        return self._signing.ask(Order(
            client_id=client_id, idempotency_key=f"{APPROVAL}:{binding}", sub=officer.sub, unit_code=post.unit_code,
            title=post.title, digest_name="sha256", digest=hashlib.sha256(_APPROVES + challenge).digest(), document=text,
            subject=name, purpose=APPROVAL, binding=binding, timeout_seconds=seconds), caller, later=True)

    def asked_to_approve(self, sub: str, binding: str) -> Transaction | None:
        """Give what the officer's phone was asked about a request, as it is stored; None where it was not asked."""
        one = self._signing.asked_about(binding)
        return one if one is not None and one.sub == sub else None

    def withdraw(self, one: Transaction, caller: Caller) -> bool:
        """Note that a request was answered elsewhere. See ``Signing.withdraw``."""
        return self._signing.withdraw(one, caller)

    def approving(self, one: Transaction, caller: Caller) -> tuple[Change, BoundSim] | None:
        """Give the step that uses up what a phone has confirmed, and its SIM. See ``Signing.approving``."""
        return self._signing.approving(one, caller)


def approval_text(name: str, message: str) -> str:
    """Give what a phone shows of a request before the code; "" where it cannot show what the officer has to compare.

    The message stands there whole, in letters that every phone has, or nothing does; the application's name is cut, and dots say
    so: whoever chooses name and message does not make one application's name of another's.

    Args:
        name: Of the application.
        message: Its ``binding_message``; "" for none.
    """
    shown, said = folded(name), folded(message)
    if said.count("?") != message.count("?"):  # a letter that phones do not have
        return ""
    end = f": {said}" if said else ""
    begins = "DONG Y CHO "
    room = LONGEST - _CODE - len(begins) - len(end)
    if room < min(len(shown), _LEAST_NAME):
        return ""
    return f"{begins}{shown if len(shown) <= room else shown[:room - len(CUT)].rstrip() + CUT}{end}"
