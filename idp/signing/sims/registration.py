"""A card becomes known: the carrier's service registers it and names its keys, and the authority certifies them.

Source: ETSI TS 102 204 §6 (registration); trust-services E.3; security checklist 49 and 51; F-15. The SIM keeps the number of a
certificate before that stands: wherever this is cut off, and whatever becomes of the card then, what was certified is revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from ...audit import Caller
from ...clock import Clock
from ...errors import RefusedError, UnavailableError
from ...pki.enrollment.moves import Actor
from ...pki.shown_certificate import UNREADABLE
from ...roles import Role
from ..mobile_signature import KeyUse, MobileSignatureService
from ..outcome import Outcome
from .ports import Certified, Certifier
from .sim import AWAITED, GOVERNMENT, Act, Sim, SimChange, SimError, moved

_NOBODY: Final = Actor("")


class Registration:
    """Registers cards.

    Args:
        services: The carriers' services, by name.
        certifier: Certifies the cards' keys.
        clock: Source of the time.
        write: Writes a step; SimError ``changed`` where somebody was quicker.
    """

    def __init__(self, services: Mapping[str, MobileSignatureService], certifier: Certifier, clock: Clock, *,
                 write: Callable[[SimChange, Caller], Sim]) -> None:
        self._services, self._certifier, self._clock, self._write = services, certifier, clock, write

    def registered(self, sim: Sim, caller: Caller) -> Sim:
        """Register a card that was given; as it was where the service does not answer, with the reason where somebody refuses.

        Raises:
            SimError: 409 ``changed``: somebody was quicker.
        """
        service = self._services.get(sim.carrier)
        if service is None:
            return sim
        try:
            if self._certifier.awaited(sim):
                return self._stuck(sim, AWAITED, caller)
            first = service.register(_name(), sim.msisdn, sim.iccid)
            # Of a certificate that was made elsewhere a service need not say which key it is for: the first signature shows it.
            key = first.public_key or (_key_of(sim.certificate) if sim.authority == GOVERNMENT else None)
            if first.answer.outcome is not Outcome.ACCEPTED or key is None:
                return self._stuck(sim, f"{first.answer.code}/{first.answer.finer or 0}", caller)
            sim, certified = self._certified(sim, key, caller)
            second = service.register(_name(), sim.msisdn, sim.iccid, certified.der)
            if second.answer.outcome is not Outcome.ACCEPTED:
                return self._stuck(sim, f"{second.answer.code}/{second.answer.finer or 0}", caller)
            sim, login = self._login(sim, service, key, caller)
        except UnavailableError:
            return sim
        except SimError:
            raise
        except RefusedError as err:
            return self._stuck(sim, err.code, caller)
        return self._write(moved(
            sim, Act.BIND, _NOBODY, self._clock.now(), system=True, reason="", login_certificate=login,
            detail={"iccid": sim.iccid, "serial": sim.serial} | ({"login_serial": sim.login_serial} if login else {})), caller)

    def take(self, sim: Sim, actor: Actor, certificate: Certified, caller: Caller) -> Sim:
        """Take a certificate that the Government's authority has made for a card that was given; the worker goes on with it.

        One that our own authority has made meanwhile is revoked: the card never signed with it.

        Raises:
            SimError: 409 ``wrong_state``: it signs already, or has ended; ``changed``; 403 ``not_yours``.
        """
        program = actor.administrator is not None and actor.administrator.role is Role.MACHINE
        change = moved(sim, Act.TAKE_CERTIFICATE, actor, self._clock.now(), system=program, reason="", test_transaction="",
                       certificate=certificate.der, serial=certificate.serial, authority=certificate.authority,
                       detail={"iccid": sim.iccid, "serial": certificate.serial})
        if sim.serial and sim.authority != certificate.authority:
            self._certifier.revoke(sim.serial, sim.authority, "swapped", caller)
        return self._write(change, caller)

    def _login(self, sim: Sim, service: MobileSignatureService, signs: bytes, caller: Caller) -> tuple[Sim, bytes]:
        """Certify the card's key for signing in; nothing where the card has none of its own, and then it signs documents only.

        Raises:
            UnavailableError: somebody does not answer; all of it is done again.
        """
        if sim.seal or not service.authenticates:
            return sim, b""
        found = service.register(_name(), sim.msisdn, sim.iccid, use="authentication")
        if found.answer.outcome is not Outcome.ACCEPTED or found.public_key is None or _same_key(found.public_key, signs):
            return sim, b""
        try:
            sim, certified = self._certified(sim, found.public_key, caller, use="authentication")
        except SimError:
            raise
        except RefusedError:
            return sim, b""
        taken = service.register(_name(), sim.msisdn, sim.iccid, certified.der, use="authentication")
        if taken.answer.outcome is not Outcome.ACCEPTED:
            self._certifier.revoke(certified.serial, certified.authority, "ended", caller)
            return sim, b""
        return sim, certified.der

    def _certified(self, sim: Sim, public_key: bytes, caller: Caller, use: KeyUse = "signing") -> tuple[Sim, Certified]:
        """Have a key certified. Where the SIM ends or gets another card meanwhile, no certificate comes to stand.

        Raises:
            RefusedError: the key is not certified here, or there is no authority.
            SimError: 409 ``changed``: somebody was quicker.
        """
        prepared = self._certifier.prepare(sim, public_key, use=use)
        sim = self._keep(sim, prepared.certificate, caller, login=use == "authentication")
        try:
            prepared.issue(caller)
        except RefusedError as err:
            raise SimError(err.message, code=err.code) from err
        return sim, prepared.certificate

    def _keep(self, sim: Sim, certified: Certified, caller: Caller, *, login: bool) -> Sim:
        """Keep which certificate it is; the one before it, of another key, is revoked."""
        held = (sim.login_serial, sim.login_authority) if login else (sim.serial, sim.authority)
        if held == (certified.serial, certified.authority):
            return sim
        if held[0]:
            self._certifier.revoke(*held, "swapped", caller, certificate=b"" if login else sim.certificate)
        kept: dict[str, Any] = (
            {"login_serial": certified.serial, "login_authority": certified.authority} if login
            else {"serial": certified.serial, "authority": certified.authority, "certificate": certified.der})
        return self._write(moved(sim, Act.CERTIFY, _NOBODY, self._clock.now(), system=True, detail={
            "iccid": sim.iccid, ("login_serial" if login else "serial"): certified.serial}, **kept), caller)

    def _stuck(self, sim: Sim, reason: str, caller: Caller) -> Sim:
        if sim.reason == reason:
            return sim
        return self._write(moved(sim, Act.GIVE_CARD, _NOBODY, self._clock.now(), system=True, reason=reason,
                                 detail={"reason": reason}), caller)


def _name() -> str:
    return f"r{secrets.token_hex(12)}"


def _key_of(certificate: bytes) -> bytes:
    """Give the key of a certificate that was taken (DER)."""
    return x509.load_der_x509_certificate(certificate).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _same_key(one: bytes, other: bytes) -> bool:
    """Tell whether two public keys (DER) are one, however they are written; what cannot be read is no key to sign in with."""
    try:
        return load_der_public_key(one) == load_der_public_key(other)
    except UNREADABLE:
        return True
