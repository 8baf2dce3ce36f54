"""What an officer does with the own certificates, and with no others: ask, follow, confirm, activate, report a loss.

Sources: security checklist 39 and 51 (the officer is that of the session; another's number is none), Decree 68/2024 (a loss is
reported at once). An officer acts here as the holder alone, whatever they administer elsewhere, and every act goes through the
same rooms as an administrator's. What may be done now (``Own.offers``) is worked out from the table of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography import x509

from ...audit import Caller
from ...directory.mirror import OfficerMirror
from .custody import Custody
from .desk import Desk, UnfitError, Wish, is_due
from .ending import Ending
from .moves import Actor
from .record import DeviceKind, Enrollment, Entry, Kind, Purpose, Search
from .states import IN_USE, Act, Part, State, step

DEVICES: Final = (DeviceKind.TOKEN, DeviceKind.SIM)
"""What an officer asks for; keys in software and in HSMs are for the desk to give."""
LISTED: Final = 200
_NEEDED: Final = ("identity_number", "birth_date")
_WITH_THE_HOLDER: Final = (State.HANDED_OVER, *IN_USE)

Chain = Callable[[x509.Certificate], Sequence[x509.Certificate]]
"""Gives the certificates above one, up to the root; none where they are not known here."""


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate of the officer's, or the request for it.

    Attributes:
        history: Oldest first.
        identity: The identity number with its middle hidden; empty where none was given.
        offers: What the officer may do with it now: ``submit``, ``cancel``, ``confirm``, ``activate``, ``report_loss``, ``lock``,
            ``renew``, ``change``.
    """

    enrollment: Enrollment
    history: Sequence[Entry]
    identity: str
    offers: frozenset[str]


class OwnCertificates:
    """The officer's side of the registration desk. Every verb raises RefusedError (404) for what is not the officer's.

    Args:
        desk: Requests.
        custody: Devices and first signatures.
        ending: Losses and locks.
        mirror: What the directory says of the officer now.
        chain: What stands above a certificate.
    """

    def __init__(self, desk: Desk, custody: Custody, ending: Ending, mirror: OfficerMirror, chain: Chain) -> None:
        self._desk, self._custody, self._ending, self._mirror, self._chain = desk, custody, ending, mirror, chain

    def all(self, sub: str) -> Sequence[Enrollment]:
        """Give the officer's certificates and requests, those first that changed last."""
        return sorted(self._desk.listed(Actor(sub), Search(holder=sub), limit=LISTED), key=lambda one: -one.since)

    def one(self, sub: str, number: str) -> Own:
        """Give one of them."""
        found, history = self._desk.one(Actor(sub), number)
        return Own(found, history, self._desk.masked_identity(found), self._offers(found, history))

    def devices(self, sub: str) -> tuple[DeviceKind, ...]:
        """Give the kinds of device for which the officer may ask for a first certificate now."""
        taken = {one.device_kind for one in self.all(sub)
                 if one.kind is Kind.PERSON and (one.open_key is not None or one.active_key is not None)}
        return tuple(kind for kind in DEVICES if kind not in taken)

    def ask(self, sub: str, device: str, personal: Mapping[str, str], caller: Caller) -> Enrollment:
        """Ask for a certificate.

        Args:
            sub: The officer.
            device: ``token`` or ``sim``.
            personal: ``identity_number`` and ``birth_date`` as typed, and ``phone`` for a SIM.
            caller: Who asks.

        Raises:
            UnfitError: ``invalid_body``; and what ``Desk.ask`` raises.
            ConflictError: ``already_asked``, ``already_there``.
        """
        if device not in DEVICES:
            raise UnfitError("device_kind is token or sim.", code="invalid_body")
        needed = (*_NEEDED, "phone") if device == DeviceKind.SIM else _NEEDED
        given = {name: personal.get(name, "").strip() for name in needed}
        if missing := [name for name in needed if not given[name]]:
            raise UnfitError(f"{missing[0]} is needed.", code="invalid_body")
        return self._desk.ask(Actor(sub), Wish(kind=Kind.PERSON, device_kind=DeviceKind(device), holder=sub, personal=given),
                              caller, submit=True)

    def ask_again(self, sub: str, number: str, purpose: Purpose, caller: Caller) -> Enrollment:
        """Ask for the renewal of a certificate, or for one with what the directory says now; nothing is typed again.

        Raises:
            UnfitError: ``too_early``; ``nothing_to_change``: the directory says what the certificate says.
        """
        found = self.one(sub, number).enrollment
        if purpose is Purpose.CHANGE and not self._differs(found):
            raise UnfitError("The directory says what the certificate says.", code="nothing_to_change")
        return self._desk.ask(Actor(sub), Wish(kind=found.kind, device_kind=found.device_kind, holder=sub, purpose=purpose,
                                               replaces=number), caller, submit=True)

    def submit(self, sub: str, number: str, caller: Caller) -> Enrollment:
        """Hand in a draft, or a request that came back."""
        return self._desk.submit(Actor(sub), number, caller)

    def cancel(self, sub: str, number: str, reason: str, caller: Caller) -> Enrollment:
        """Give a request up that was not sent to the issuer yet."""
        return self._desk.cancel(Actor(sub), number, reason, caller)

    def confirm(self, sub: str, number: str, caller: Caller) -> Enrollment:
        """Confirm that the device has come; once."""
        return self._custody.confirm(Actor(sub), number, caller)

    def activate(self, sub: str, number: str, signature: bytes, caller: Caller) -> Enrollment:
        """Activate with a test signature (``Custody.activate``)."""
        return self._custody.activate(Actor(sub), number, signature, caller)

    def report_loss(self, sub: str, number: str, caller: Caller) -> Enrollment:
        """Report the device lost: from now on the certificate signs nothing here."""
        return self._ending.report_loss(Actor(sub), number, caller)

    def lock(self, sub: str, number: str, caller: Caller) -> Enrollment:
        """Report that the device is locked after wrong PINs; the desk unlocks it."""
        return self._ending.lock(Actor(sub), number, caller)

    def chain(self, sub: str, number: str) -> tuple[x509.Certificate, ...]:
        """Give the certificate and those above it, as far as they are known; nothing while it is not here."""
        found, _ = self._desk.one(Actor(sub), number)
        if not found.certificate:
            return ()
        certificate = x509.load_der_x509_certificate(found.certificate)
        return (certificate, *self._chain(certificate))

    def _offers(self, found: Enrollment, history: Sequence[Entry]) -> frozenset[str]:
        def may(act: Act) -> bool:
            taken = step(found.state, act)
            return taken is not None and Part.HOLDER in taken.by

        offers = {act.value for act in (Act.SUBMIT, Act.CANCEL, Act.LOCK) if may(act)}
        if may(Act.CONFIRM) and not any(entry.act == Act.CONFIRM for entry in history):
            offers.add("confirm")
        if may(Act.ACTIVATE) and found.certificate:
            offers.add("activate")
        if found.state in _WITH_THE_HOLDER:
            offers.add("report_loss")
        if found.state in IN_USE and found.kind is Kind.PERSON and not self._replacement(found):
            offers |= {"renew"} if is_due(found, self._desk.now()) else set()
            offers |= {"change"} if self._differs(found) else set()
        return frozenset(offers)

    def _replacement(self, found: Enrollment) -> bool:
        return any(one.replaces == found.enrollment_id and one.open_key is not None for one in self.all(found.holder))

    def _differs(self, found: Enrollment) -> bool:
        officer = self._mirror.by_sub(found.holder)
        if officer is None or found.kind is not Kind.PERSON:
            return False
        person, post = officer.officer, officer.officer.main_post
        now = replace(found, name=person.name, title=post.title, mail=person.mail.lower(), unit_code=post.unit_code)
        return now != found
