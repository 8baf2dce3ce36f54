"""From the issuer to the officer's hand: the device comes to the desk, is handed over with a record, and signs a first time.

Sources: Decree 68/2024 (record of the hand-over, Mẫu 07); a certificate counts once its holder has shown that it signs: the
holder signs a text of ours with the key, which is verified with the certificate's own key (RFC 8017 §8.2 and §8.1, FIPS 186-5
§6), or the desk waives that with a reason. One holder has one certificate in use for each kind of device: the one that it
follows ends in the same transaction.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from ...audit import Caller
from ...clock import Clock
from ...errors import RefusedError
from ..custody.device import HandlingError
from . import guards
from .desk import Desk, UnfitError
from .moves import SYSTEM, Actor, ConflictError, Moves, line
from .record import Enrollment
from .states import Act, Part

_LONGEST_RECORD: Final = 60
_LONGEST_WAIVER: Final = 300


class Standing(Protocol):
    """Whether a certificate stands."""

    def good(self, enrollment: Enrollment) -> bool:
        """Tell whether the certificate is within its time and nobody has revoked it, as far as that can be known here."""
        ...


class WithinItsTime:
    """Knows of a certificate what it says itself: whether its time is now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def good(self, enrollment: Enrollment) -> bool:
        """Tell whether the certificate is within its time."""
        return (enrollment.not_before or 0) <= self._clock.now() < (enrollment.not_after or 0)


class Custody:
    """Devices on their way to their holders.

    Args:
        moves: Changes states.
        desk: Recognises identity numbers.
        standing: Asked before a certificate is activated.
    """

    def __init__(self, moves: Moves, desk: Desk, standing: Standing) -> None:
        self._moves, self._desk, self._standing = moves, desk, standing

    def receive(self, actor: Actor, enrollment_id: str, device_serial: str, caller: Caller) -> Enrollment:
        """Note that the device has come to the desk; its number must be the one that the issuer named, if it named one."""
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.RECEIVE)
        serial = line(device_serial, 40, "device_serial").upper()
        if found.device_serial and found.device_serial != serial:
            raise ConflictError("The issuer named another device.", code="another_device")
        return self._moves.move(actor, found, Act.RECEIVE, caller, as_part=part, told={"device": serial}, device_serial=serial)

    def hand_over(self, actor: Actor, enrollment_id: str, *, identity_number: str, record: str, caller: Caller) -> Enrollment:
        """Note that the holder has got the device.

        Args:
            actor: Who handed it over; not the holder.
            enrollment_id: Whose.
            identity_number: As on the card that the receiver showed.
            record: Number of the record that both signed.
            caller: Who asks.

        Raises:
            UnfitError: ``another_person``: the card is another's than the request names; ``identity_unknown``: it names none.
        """
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.HAND_OVER)
        number = line(record, _LONGEST_RECORD, "record")
        self.check_receiver(actor, found, identity_number)
        return self._moves.move(actor, found, Act.HAND_OVER, caller, as_part=part, told={"record": number}, record=number,
                                handed_over_by=actor.sub, challenge=secrets.token_urlsafe(32))

    def check_receiver(self, actor: Actor, found: Enrollment, identity_number: str) -> None:
        """Raise what ``hand_over`` raises of who gives and who takes."""
        guards.check(Act.HAND_OVER, actor, found)
        if not found.identity_digest:
            raise UnfitError("The request does not say who the holder is; correct it first.", code="identity_unknown")
        if not hmac.compare_digest(self._desk.digest_of_typed(identity_number), found.identity_digest):
            raise UnfitError("This is not the holder's identity number.", code="another_person")

    def confirm(self, actor: Actor, enrollment_id: str, caller: Caller) -> Enrollment:
        """Note that the holder says the device has come; the deadline of the first signature stays.

        Raises:
            ConflictError: ``already_confirmed``.
        """
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.CONFIRM)
        # Read after the request was: what confirmed it before stands in the history, what does so now has a newer revision.
        if any(entry.act == Act.CONFIRM for entry in self._moves.store.history(enrollment_id)):
            raise ConflictError("The receipt is confirmed already.", code="already_confirmed")
        return self._moves.move(actor, found, Act.CONFIRM, caller, as_part=part, since=found.since, due_at=found.due_at)

    def activate(self, actor: Actor, enrollment_id: str, signature: bytes, caller: Caller) -> Enrollment:
        """Activate with a signature of the holder's key over ``challenge`` (its ASCII bytes, SHA-256).

        Args:
            actor: The holder.
            enrollment_id: Whose.
            signature: RSA PKCS #1 v1.5 or PSS (salt of the digest's length), or ECDSA in DER.
            caller: Who asks.

        Raises:
            UnfitError: ``no_certificate``: only its number is known; ``not_good``: it has ended or is revoked.
            HandlingError: ``device_lost``.
            RefusedError: 422 ``invalid_signature``.
        """
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.ACTIVATE)
        if part is not Part.HOLDER:
            raise RefusedError("The holder signs.", code="not_yours", status=403)
        if not found.certificate:
            raise UnfitError("The certificate itself is not here yet; only its number is known.", code="no_certificate")
        if not signed(found.certificate, found.challenge.encode(), signature):
            raise RefusedError("The signature is not one of this certificate's key over the text.", code="invalid_signature",
                               status=422)
        return self._activated(actor, found, part, caller, {"how": "signature"})

    def waive(self, actor: Actor, enrollment_id: str, reason: str, caller: Caller) -> Enrollment:
        """Activate without a test signature; whoever handed the device over is not the one to say that it works.

        Raises as ``activate``.
        """
        found = self._moves.seen(actor, enrollment_id)
        part = self._moves.part(actor, found, Act.ACTIVATE)
        if part is not Part.DESK:
            raise RefusedError("The province's desk alone waives the test signature.", code="not_yours", status=403)
        guards.check(Act.ACTIVATE, actor, found)
        return self._activated(actor, found, part, caller, {"how": "waived", "reason": line(reason, _LONGEST_WAIVER, "reason")})

    def _activated(self, actor: Actor, found: Enrollment, part: Part, caller: Caller, told: dict[str, str]) -> Enrollment:
        if self._moves.hand_overs.lost(found):
            raise HandlingError("The device was reported lost; nothing is activated in it.", code="device_lost")
        if not self._standing.good(found):
            raise UnfitError("The certificate has ended, or is revoked.", code="not_good")
        old = self._moves.store.find(found.replaces) if found.replaces else None
        if old is None or old.active_key is None:
            return self._moves.move(actor, found, Act.ACTIVATE, caller, as_part=part, told=told, challenge="")
        after, entry, record, notice = self._moves.made(actor, found, Act.ACTIVATE, part, caller, told, {"challenge": ""})
        self._moves.part(SYSTEM, old, Act.SUPERSEDE)
        ended, last, ending, _ = self._moves.made(SYSTEM, old, Act.SUPERSEDE, Part.SYSTEM, caller,
                                                  {"by_request": found.enrollment_id},
                                                  {"reason": ""})
        device = self._moves.hand_overs.following(Act.SUPERSEDE, ended, "", caller)
        if not self._moves.store.succeed(found, after, old, ended, (entry, last), (record, ending), notice, device):
            raise ConflictError("Somebody else has changed this request meanwhile.", code="changed")
        return after


def signed(certificate: bytes, text: bytes, signature: bytes) -> bool:
    """Tell whether a certificate's key has signed a text, with SHA-256.

    Args:
        certificate: DER.
        text: What was signed.
        signature: As ``Custody.activate`` takes it.
    """
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _verifies(partial(key.verify, signature, text, ec.ECDSA(SHA256())))
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    ways = (padding.PKCS1v15(), padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH))
    return any(_verifies(partial(key.verify, signature, text, way, SHA256())) for way in ways)


def _verifies(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True
