"""Lists of SIMs: requests of agencies in, what waits for a carrier out, and what the carrier found in.

Source: trust-services E.3, E.5 (list ``sim_dang_ky``: number, carrier, card, owner). One list goes all the way: a row without the
carrier's columns asks for a SIM, a row with them says whether the number is the officer's and which card they get. A code of ten
minutes is of no use to whoever is on a list: none is sent, and the officer, who gets a notice, has it sent when they are there.
A row is done once, however often its list is sent; what the carrier says is noted by the province's desk alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ...audit import AuditEvent, AuditRecord, AuditTrail, Caller
from ...clock import Clock
from ...directory.mirror import MirroredOfficer, OfficerMirror
from ...errors import RefusedError
from ...pki.enrollment.moves import Actor
from ...pki.enrollment.working_days import day_of
from ...pki.forms import Sheets, writing
from ...pki.forms.catalogue import CARRIERS, FORMS, Form
from ...pki.forms.cells import folded
from ...roles import Administrator, ForbiddenError, Role
from ...signing.sims.enrollment import SimEnrollment
from ...signing.sims.ports import SimSearch
from ...signing.sims.sim import AWAITED, GOVERNMENT, LIVE, Act, Sim, State, card_of, moved, number_of

SIMS: Final = FORMS["sim_dang_ky"]
WITHDRAWN: Final = FORMS["mau05_thu_hoi"]
LONGEST: Final = 2000
"""Rows of a list that goes out."""
KINDS: Final = ("csv", "xlsx")
TO: Final[Mapping[str, Form]] = {"carrier": SIMS, "government": SIMS, "revocation": WITHDRAWN}
"""To whom a list goes: to carriers what waits for them; to the Government's authority cards to be certified, and what it has to
revoke (Mẫu 05)."""
_WHY: Final = {"lost": "device_lost", "swapped": "superseded", "ended": "cessation"}
_WAITS: Final = (State.NUMBER_VERIFIED, State.AGENCY_APPROVED, State.APPROVED)
_PAGE: Final = 200
_MATCH: Final = {True: "yes", False: "no", None: ""}


class SimRows:
    """Takes rows.

    Args:
        enrollment: Where SIMs are asked for and given.
        clock: Source of the time.
    """

    def __init__(self, enrollment: SimEnrollment, clock: Clock) -> None:
        self._enrollment, self._clock = enrollment, clock

    def take(self, actor: Actor, officer: MirroredOfficer, values: Mapping[str, str], *, dry: bool, caller: Caller) -> str:
        """Do what a row says, or try it; gives ``taken``, or ``already`` where it was done before.

        Args:
            actor: Who sends the list.
            officer: Whom the row is about.
            values: Checked, by key of ``sim_dang_ky``.
            dry: Nothing is written.
            caller: For the records.

        Raises:
            RefusedError: as ``SimEnrollment``; ``no_sim_request``: the carrier tells of a number that nobody asked for;
                ``another_carrier``; ``desk_only``: what carriers say is the desk's to note; ``same_person``: a card for oneself;
                ``not_approved``: a card for a SIM that the province has not approved.
        """
        number, carrier = number_of(values["phone"]), self._carrier(values["carrier"])
        found = next((one for one in self._enrollment.store.of_number(number) if one.state in LIVE), None)
        told = "iccid" in values or "owner_match" in values
        if told and (actor.administrator is None or actor.administrator.role is not Role.PROVINCE):
            raise RefusedError("The province's desk notes what carriers say.", code="desk_only")
        if found is None:
            if told:
                raise RefusedError("Nobody asked for a SIM of this number.", code="no_sim_request")
            if dry:
                self._enrollment.would_ask(actor, officer.sub, number, carrier)
            else:
                self._enrollment.ask(actor, officer.sub, number, carrier, caller, send=False)
            return "taken"
        if found.sub != officer.sub:
            raise RefusedError("This number is somebody else's.", code="number_taken")
        if found.carrier != carrier:
            raise RefusedError("The SIM was asked for of another carrier.", code="another_carrier")
        return self._told(actor, found, values, dry=dry, caller=caller) if told else "already"

    def _told(self, actor: Actor, sim: Sim, values: Mapping[str, str], *, dry: bool, caller: Caller) -> str:
        said, done = values.get("owner_match"), "already"
        match = None if said is None else said == "yes"
        if match is not None and match != sim.owner_match:
            done = "taken"
            if dry:
                moved(sim, Act.NOTE_OWNER, actor, self._clock.now())
            else:
                sim = self._enrollment.note_owner(actor, sim.sim_id, caller, match=match)
        if "iccid" in values and (iccid := card_of(values["iccid"])) != sim.iccid:
            if match is False or (sim.owner_match is False and match is None):
                raise RefusedError("The carrier says that this number is somebody else's.", code="not_the_owner")
            if sim.state in (State.REQUESTED, State.NUMBER_VERIFIED, State.AGENCY_APPROVED):
                raise RefusedError("The province has not approved this SIM.", code="not_approved")
            if actor.administrator is not None and sim.sub in actor.administrator.persons:
                raise RefusedError("Nobody gives a card to themselves.", code="same_person")
            done = "taken"
            moved(sim, Act.GIVE_CARD, actor, self._clock.now())
            if not dry:
                self._enrollment.give_card(actor, sim.sim_id, iccid, caller, at_once=False)
        return done

    def _carrier(self, name: str) -> str:
        """Give the carrier that a list means: by its name here, or by what people call the great ones."""
        words = {folded(word) for word in (name, *CARRIERS.get(name, "").split("|"))}
        found = [one for one in self._enrollment.carriers if folded(one) in words]
        if len(found) != 1:
            raise RefusedError("There is no such carrier here.", code="bad_carrier")
        return found[0]


class SimLists:
    """Gives lists of what waits for a carrier.

    Args:
        enrollment: Where SIMs are.
        mirror: Who the officers are.
        sheets: Files.
        trail: Where readings of numbers are recorded.
        clock: Source of the time.
        by_list: The Government's authority certifies the cards.
    """

    def __init__(self, enrollment: SimEnrollment, mirror: OfficerMirror, sheets: Sheets, trail: AuditTrail, clock: Clock, *,
                 by_list: bool = False) -> None:
        self._by_list = by_list
        self._enrollment, self._mirror, self._sheets, self._trail, self._clock = enrollment, mirror, sheets, trail, clock

    @staticmethod
    def gives(who: Administrator) -> bool:
        """Tell whether lists are given to somebody: the province's desk, a person who answers for it."""
        return who.role is Role.PROVINCE and who.may_change and bool(who.sub)

    def written(self, who: Administrator, *, kind: str, to: str = "carrier", carrier: str = "", caller: Caller) -> bytes:
        """Give what waits for somebody, with whole numbers; each number that is read is recorded before, for its holder.

        Args:
            who: An administrator of the province.
            kind: One of ``KINDS``.
            to: One of ``TO``.
            carrier: Only SIMs of this carrier.
            caller: For the records.

        Raises:
            ForbiddenError: not the province's desk.
            RefusedError: 404 ``unknown_list``: no such kind, addressee or carrier; 409 ``nothing_to_send``; 409
                ``too_many_rows``.
        """
        if not self.gives(who):
            raise ForbiddenError("The province's desk sends.")
        if kind not in KINDS or to not in self.addressees() or carrier not in ("", *self._enrollment.carriers):
            raise RefusedError("There is no such list.", code="unknown_list", status=404)
        found = self._found(to, carrier)
        if not found:
            raise RefusedError("No SIM waits for this.", code="nothing_to_send", status=409)
        if len(found) > LONGEST:
            raise RefusedError("Too many wait for one list. Choose a carrier.", code="too_many_rows", status=409)
        for one in found if TO[to] is SIMS else ():
            self._trail.record(AuditRecord(
                AuditEvent.PERSONAL_DATA_READ, self._clock.now(), sub=one.sub, source=caller.source, request_id=caller.request_id,
                detail={"number": one.sim_id, "why": "sim_list", "by": who.sub, **caller.by}))
        rows = writing.rows(TO[to], [self._facts(one) for one in found], hidden=True)
        return self._sheets.csv(rows) if kind == "csv" else self._sheets.xlsx(rows, TO[to].title)

    def addressees(self) -> tuple[str, ...]:
        """Name to whom lists go here: one of ``TO``; to the Government's authority where it certifies SIMs."""
        return tuple(TO) if self._by_list else ("carrier",)

    def waits(self) -> Sequence[str]:
        """Name the addressees for whom something may wait."""
        counts = self._enrollment.store.counts("")
        there = {"carrier": any(counts.get(state.value) for state in _WAITS),
                 "government": bool(counts.get(State.CARD_GIVEN.value)),
                 "revocation": bool(self._enrollment.store.to_be_revoked(GOVERNMENT, limit=1))}
        return [to for to in self.addressees() if there[to]]

    def _found(self, to: str, carrier: str = "") -> Sequence[Sim]:
        if to == "revocation":
            return [one for one in self._enrollment.store.to_be_revoked(GOVERNMENT, limit=LONGEST + 1)
                    if carrier in ("", one.carrier)]
        if to == "government":
            return [one for one in self._waiting(State.CARD_GIVEN, carrier) if one.reason == AWAITED and not one.to_revoke]
        return [one for state in _WAITS for one in self._waiting(state, carrier)]

    def _waiting(self, state: State, carrier: str) -> Sequence[Sim]:
        found, search = list[Sim](), SimSearch(state=state.value, carrier=carrier)
        while len(found) <= LONGEST:
            page = self._enrollment.store.page(search, after=found[-1].sim_id if found else "", limit=_PAGE)
            found += page
            if len(page) < _PAGE:
                break
        return found

    def _facts(self, sim: Sim) -> Mapping[str, str]:
        officer = self._mirror.by_sub(sim.sub)
        return {"name": officer.officer.name if officer else "", "mail": officer.officer.mail if officer else "",
                "phone": f"0{sim.msisdn[2:]}", "carrier": sim.carrier, "iccid": sim.iccid, "owner_match": _MATCH[sim.owner_match],
                "serial": sim.serial, "reason": _WHY.get(sim.to_revoke, ""), "on": day_of(sim.since).isoformat(),
                "entry_uuid": officer.officer.entry_uuid if officer else ""}
