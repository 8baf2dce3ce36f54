"""Which SIM signs for an officer, and what services say of cards (port ``signing.ports.Sims``); the nightly look at all of them.

Source: trust-services E.3 (swap detection, profile request); security checklist 57. A card signs while its holder is at work, it
is active, and nobody has reported it lost. What is signed says which: an officer signs with the SIM of their own (of two with the
one that was activated last), and with an agency's seal that they keep only where its card is named.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NoReturn

from ...audit import Caller
from ...clock import Clock
from ...directory.changes import OfficerChange
from ...directory.mirror import OfficerMirror
from ...errors import RefusedError, UnavailableError
from ..mobile_signature import MobileSignatureService
from ..outcome import Outcome
from ..ports import IN_DOUBT, BoundSim
from .brake import SimBrake
from .enrollment import SimEnrollment
from .ports import SimStore
from .sim import LIVE, Act, Sim, State

CHECK_SECONDS: Final = 20 * 3600
"""A card was looked at; the next night again."""
AGAIN_SECONDS: Final = 3600
"""Nobody answered about a card."""
_SWAPPED: Final = frozenset({Outcome.UNSUITABLE_SIM, Outcome.NOT_REGISTERED})
ANOTHER_CARD: Final = "another_card"
"""Reason of one for whose number the carrier names another card; ``ANOTHER_CERTIFICATE``: only other certificates."""
ANOTHER_CERTIFICATE: Final = "certificate"
_BLOCKED: Final = frozenset({Outcome.PIN_BLOCKED, Outcome.CARD_BLOCKED})
_CARRIER: Final = Caller(source="mobile_signature", request_id="mobile_signature")


class SigningSims:
    """Answers for SIMs.

    Args:
        store: Where they rest.
        mirror: Who is at work.
    """

    def __init__(self, store: SimStore, mirror: OfficerMirror) -> None:
        self._store, self._mirror = store, mirror
        self.enrollment: SimEnrollment | None = None
        """Hears what services say, as ``brake`` does; the wiring sets both, because they sign themselves."""
        self.brake: SimBrake | None = None

    def signing(self, sub: str, *, testing: bool = False, iccid: str = "") -> BoundSim:
        """Give the officer's SIM; see the port."""
        found = [one for one in self._found(sub) if (one.iccid == iccid if iccid else not one.seal)]
        wanted = State.BOUND if testing else State.ACTIVE
        sim = self._one(found, [one for one in found if one.state is wanted])
        return _bound(sim, sim.certificate)

    def all(self, sub: str) -> Sequence[BoundSim]:
        """Give every SIM that signs; see the port."""
        active = [one for one in self._found(sub) if one.state is State.ACTIVE and not one.doubt]
        own = _latest(one for one in active if not one.seal)
        return [_bound(one, one.certificate) for one in (*((own,) if own else ()), *(one for one in active if one.seal))]

    def authenticating(self, sub: str) -> BoundSim:
        """Give the officer's SIM that signs in; see the port."""
        found = self._found(sub)
        sim = self._one(found, [one for one in found if one.state is State.ACTIVE and one.login_certificate and not one.seal])
        return _bound(sim, sim.login_certificate)

    def _found(self, sub: str) -> Sequence[Sim]:
        officer = self._mirror.by_sub(sub)
        return self._store.of_officer(sub) if officer is not None and officer.status == "active" else ()

    def _one(self, found: Sequence[Sim], fit: Sequence[Sim]) -> Sim:
        """Give the last one that fits and is in no doubt, or say why there is none."""
        sim = _latest(one for one in fit if not one.doubt)
        if sim is None and fit:
            raise RefusedError("What the carrier says of this SIM is being checked.", code=IN_DOUBT, status=409)
        return self._refused(found) if sim is None else sim

    @staticmethod
    def _refused(found: Sequence[Sim]) -> NoReturn:
        if any(one.state is State.PIN_BLOCKED for one in found):
            raise RefusedError("The PIN of this SIM is blocked.", code="sim_blocked", status=409)
        if any(one.state in (State.LOST, State.SWAPPED) for one in found):
            raise RefusedError("This SIM was reported lost, or another card answers for its number.", code="sim_blocked",
                               status=409)
        raise RefusedError("The officer has no signing SIM.", code="no_sim", status=404)

    def told(self, sub: str, iccid: str, outcome: Outcome) -> None:
        """Hear what a service says of a card; see the port."""
        sim = self._store.by_card(sub, iccid)
        if sim is None or sim.doubt or self.enrollment is None or self.brake is None:
            return
        if outcome in _BLOCKED:
            self.enrollment.noted(sim, Act.BLOCK_PIN, _CARRIER, outcome.value)
        elif outcome in _SWAPPED:
            self.brake.exchanged(sim, outcome.value, _CARRIER)


def _bound(sim: Sim, certificate: bytes) -> BoundSim:
    return BoundSim(sim.msisdn, sim.iccid, sim.carrier, certificate, sim.sim_id, sim.revision)


def _latest(sims: Iterable[Sim]) -> Sim | None:
    return max(sims, key=lambda one: (one.since, one.sim_id), default=None)


class NightlyCheck:
    """Asks services how cards stand, and notes what has drifted.

    Args:
        store: Where SIMs rest.
        enrollment: Notes it.
        brake: Hears of cards that were exchanged.
        services: The carriers' services, by name.
        mirror: Who is at work.
        clock: Source of the time.
    """

    def __init__(self, store: SimStore, enrollment: SimEnrollment, brake: SimBrake,
                 services: Mapping[str, MobileSignatureService], mirror: OfficerMirror, clock: Clock) -> None:
        self._store, self._enrollment, self._brake, self._services = store, enrollment, brake, services
        self._mirror, self._clock = mirror, clock

    def look(self, caller: Caller, *, most: int) -> int:
        """Look at cards that were not looked at for a night; gives at how many.

        A service that does not answer is asked no more this time, and a card about which it does not answer comes again after an
        hour: neither holds up another. A SIM whose holder was removed is ended.
        """
        looked, away, now = 0, set[str](), self._clock.now()
        for sim in self._store.unchecked(now - CHECK_SECONDS, limit=most):
            if sim.carrier in away:
                continue
            looked += 1
            try:
                self._check(sim, caller)
            except UnavailableError as err:
                if err.dependency != "mobile_signature":
                    raise
                away.add(sim.carrier)
                self._store.checked(sim, now - CHECK_SECONDS + AGAIN_SECONDS)
        return looked

    def of_officer(self, sub: str, caller: Caller) -> None:
        """End the SIMs of an officer who was removed; one who is only disabled signs nothing, and may come back."""
        officer = self._mirror.by_sub(sub)
        if officer is not None and officer.status != "gone":
            return
        for sim in self._store.of_officer(sub):
            if sim.state in (*LIVE, State.LOST, State.SWAPPED):
                self._enrollment.noted(sim, Act.DEACTIVATE, caller, "left")

    def _check(self, sim: Sim, caller: Caller) -> None:
        officer = self._mirror.by_sub(sim.sub)
        if officer is None or officer.status == "gone":
            self._enrollment.noted(sim, Act.DEACTIVATE, caller, "left")
            return
        service = self._services.get(sim.carrier)
        if service is None:  # a carrier that is named no more
            self._store.checked(sim, self._clock.now())
            return
        state = service.profile(f"p{secrets.token_hex(12)}", sim.msisdn)
        if state.answer.outcome in _SWAPPED or state.answer.outcome is Outcome.UNKNOWN_NUMBER:
            self._brake.exchanged(sim, state.answer.outcome.value, caller)
        elif state.iccid and state.iccid != sim.iccid:
            self._brake.exchanged(sim, ANOTHER_CARD, caller)
        elif state.certificates and sim.certificate not in state.certificates:
            self._brake.exchanged(sim, ANOTHER_CERTIFICATE, caller)
        elif state.certificates and sim.login_certificate and sim.login_certificate not in state.certificates:
            # The card that signs is the one that was given; only its other key is not, so only that one is believed no more.
            self._enrollment.noted(sim, Act.END_LOGIN, caller, "certificate")
        elif state.pin_blocked and sim.state is State.ACTIVE:
            self._enrollment.noted(sim, Act.BLOCK_PIN, caller, Outcome.PIN_BLOCKED.value)
        elif state.pin_blocked is False and sim.state is State.PIN_BLOCKED:
            self._enrollment.noted(sim, Act.UNLOCK, caller, "carrier")
        self._store.checked(sim, self._clock.now())


class SimsOfLeavers:
    """Ends the SIMs of officers who leave (``directory.changes.Consequences``).

    Args:
        nightly: Ends them.
    """

    def __init__(self, nightly: NightlyCheck) -> None:
        self._nightly = nightly

    def of(self, change: OfficerChange) -> None:
        """Do what a change means; nothing for an officer who is at work."""
        self._nightly.of_officer(change.sub, Caller(source="directory", request_id=f"change-{change.sub[:32]}"))
