"""A certificate desk with its people, over a store."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from idp.audit import Caller
from idp.directory.officer import Post
from idp.jose.keyset import Sealer
from idp.pki.custody.device import DeviceStore
from idp.pki.custody.register import Register
from idp.pki.enrollment.custody import Custody
from idp.pki.enrollment.desk import Desk, Wish
from idp.pki.enrollment.ending import Ending
from idp.pki.enrollment.moves import Actor, Moves
from idp.pki.enrollment.record import DeviceKind, Enrollment, EnrollmentStore, Kind
from idp.pki.enrollment.self_service import OwnCertificates
from idp.pki.enrollment.states import State
from idp.pki.enrollment.working_days import WorkingDays
from idp.roles import Administrator, Role
from tests.fakes.certificates import Identity, issue
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.fakes.mirror import FakeMirror
from tests.fakes.sealer import FakeSealer

HEALTH = Post("H30.11", "000.00.11.H30", "Sở Y tế", "Trưởng phòng")
ELSEWHERE = Post("H30.12", "000.00.12.H30", "Sở Nội vụ", "Chuyên viên")
CALLER = Caller("192.0.2.7", "r-1")
IDENTITY = "093080000001"
PERSONAL = {"identity_number": IDENTITY, "birth_date": "1980-09-05", "phone": "0912345678"}
MONDAY = int(datetime(2026, 11, 23, 2, tzinfo=UTC).timestamp())
LAST_DAY = MONDAY + 5 * 365 * 86400


class Standing:
    """Every certificate stands, until a test says otherwise."""

    stands = True

    def good(self, enrollment: Enrollment) -> bool:
        return self.stands


class House:
    """The desk, and people: a holder, administrators of the holder's agency, of another and of the province, an auditor."""

    def __init__(self, store: EnrollmentStore, devices: DeviceStore, sealer: Sealer | None = None) -> None:
        self.clock, self.mirror, self.store, self.standing = FakeClock(MONDAY), FakeMirror(), store, Standing()
        self.serials, self.printed = itertools.count(0x5401ab), itertools.count(1)
        self.moves = Moves(store, self.clock, WorkingDays(), devices)
        self.desk = Desk(self.moves, self.mirror, sealer or FakeSealer(), b"k" * 32)
        self.custody, self.ending = Custody(self.moves, self.desk, self.standing), Ending(self.moves, self.mirror)
        self.devices, self.register = devices, Register(devices, self.moves, self.ending, self.mirror)
        self.own = OwnCertificates(self.desk, self.custody, self.ending, self.mirror, lambda _certificate: ())
        self.subs = {uid: self.joined(uid) for uid in ("holder", "agency", "agency2", "desk", "desk2", "desk3", "auditor")}
        self.subs |= {uid: self.joined(uid, posts=(ELSEWHERE,)) for uid in ("stranger", "other_agency")}

    def joined(self, uid: str, **facts: Any) -> str:
        return self.mirror.remember(make_officer(uid, **{"posts": (HEALTH,), **facts}), now=MONDAY)

    def actor(self, uid: str, *, read_only: bool = False) -> Actor:
        roles = {"agency": (Role.AGENCY, "H30.11"), "agency2": (Role.AGENCY, "H30.11"), "other_agency": (Role.AGENCY, "H30.12"),
                 "desk": (Role.PROVINCE, ""), "desk2": (Role.PROVINCE, ""), "desk3": (Role.PROVINCE, ""),
                 "auditor": (Role.AUDITOR, "")}
        sub = self.subs[uid]
        if uid not in roles:
            return Actor(sub)
        role, unit = roles[uid]
        return Actor(sub, Administrator(role=role, client_id="console", sub=sub, unit=unit,
                                        read_only=read_only or uid == "auditor"))

    def wish(self, uid: str = "holder", **changes: Any) -> Wish:
        return dataclasses.replace(
            Wish(kind=Kind.PERSON, device_kind=DeviceKind.TOKEN, holder=self.subs[uid], personal=PERSONAL), **changes)

    def asked(self, uid: str = "holder", by: str = "agency", **changes: Any) -> Enrollment:
        return self.desk.ask(self.actor(by), self.wish(uid, **changes), CALLER, submit=True)

    def brought(self, to: State, uid: str = "holder", identity: Identity | None = None, **changes: Any) -> Enrollment:
        """Give a new request, brought as far as a state."""
        found = self.asked(uid, **changes)
        number = found.enrollment_id
        serial, certificate = f"{next(self.serials):x}", b""
        device = f"TK-{next(self.printed):04}"
        if identity is not None:
            serial = f"{identity.certificate.serial_number:x}"
            certificate = identity.certificate.public_bytes(Encoding.DER)
        ways = {
            State.SUBMITTED: lambda: found,
            State.AGENCY_APPROVED: lambda: self.desk.approve(self.actor("agency2"), number, CALLER),
            State.PROVINCE_APPROVED: lambda: self.desk.approve_for_province(self.actor("desk"), number, CALLER),
            State.SENT: lambda: self.desk.send(self.actor("desk"), number, "12/STTTT-CNTT", "", CALLER),
            State.ISSUED: lambda: self.desk.issued(
                self.actor("desk"), self.found(number), serial=serial, issuer="CN=CA", not_before=MONDAY - 60, not_after=LAST_DAY,
                certificate=certificate, device_serial=device, caller=CALLER),
            State.READY: lambda: self.custody.receive(self.actor("desk"), number, device.lower(), CALLER),
            State.HANDED_OVER: lambda: self.custody.hand_over(self.actor("desk"), number, identity_number=IDENTITY,
                                                              record="07/BB",
                                                              caller=CALLER),
            State.ACTIVE: lambda: self.custody.waive(self.actor("desk2"), number, "máy đọc thẻ hỏng", CALLER),
        }
        for state, way in ways.items():
            found = way()
            assert found.state is state
            if state is to:
                return found
        raise AssertionError(to)

    def near_the_end(self, days: int = 30) -> None:
        """Let it be so many days before certificates end."""
        self.clock.advance(LAST_DAY - days * 86400 - self.clock.now())

    def found(self, number: str) -> Enrollment:
        found = self.store.find(number)
        assert found is not None
        return found


def certificate(name: str = "holder", **how: Any) -> Identity:
    return issue(name, **how)
