"""Everything that SIM enrolment stands on, in memory but for the store: carriers with cards, people, an authority, a phone's
inbox."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.sim_doubts import SqlSimDoubts
from idp.adapters.sql.signing.sims import SqlSims
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.audit import AuditEvent, AuditRecord, Caller
from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Post
from idp.errors import ConfigurationError, RefusedError, UnavailableError
from idp.pki.enrollment.moves import Actor
from idp.pki.government.chain import PublishedChain
from idp.roles import Administrator, Role
from idp.signing.mobile_signature import KeyUse, Registered, SimState
from idp.signing.outcome import of_fault, of_status
from idp.signing.ports import Standings
from idp.signing.signing import Signing
from idp.signing.sims.brake import DoubtRule, SimBrake
from idp.signing.sims.enrollment import SimEnrollment
from idp.signing.sims.government import CardAuthorities
from idp.signing.sims.ports import Certified, Certifier, Prepared
from idp.signing.sims.sim import Act, Entry, Sim, SimChange, SimError
from idp.signing.sims.standing import NightlyCheck, SigningSims
from idp.signing.standing import PublishedStandings
from tests.fakes.clock import FakeClock
from tests.fakes.directory import make_officer
from tests.signing.cards import Card, Carrier, Known, certified, said

CALLER = Caller("192.0.2.7", "r-1")
UNIT, NUMBER, ICCID = "H30.11", "0912 345 678", "8984990000000000033"
HOLDER = Actor("holder")
AGENCY = Actor("agency", Administrator(role=Role.AGENCY, client_id="console", sub="agency", unit=UNIT))
OTHER = Actor("other", Administrator(role=Role.AGENCY, client_id="console", sub="other", unit="H30.12"))
DESK = Actor("desk", Administrator(role=Role.PROVINCE, client_id="console", sub="desk"))
SECOND = Actor("second", Administrator(role=Role.PROVINCE, client_id="console", sub="second"))
AUDITOR = Actor("auditor", Administrator(role=Role.AUDITOR, client_id="console", sub="auditor"))
HELPER = Actor("helper", Administrator(role=Role.HELP_DESK, client_id="console", sub="helper", unit=UNIT))
CLERK = Actor("clerk", Administrator(role=Role.CLERK, client_id="console", sub="clerk", unit=UNIT))


class People:
    """Officers by subject."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def by_sub(self, sub: str) -> MirroredOfficer | None:
        if sub not in self.status:
            return None
        return MirroredOfficer(sub, make_officer(sub, posts=(Post(UNIT, "", "Sở Y tế", "Giám đốc"),)), self.status[sub])


class Province:
    """Who administers: nobody in the agencies, two for the province."""

    def all(self) -> list[Administrator]:
        return []

    def of_the_province(self) -> list[Administrator]:
        return [one.administrator for one in (DESK, SECOND) if one.administrator is not None]


class Registering(Carrier):
    """A carrier that registers cards; with ``authenticates`` also their keys for signing in."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, Card] = {}
        self.registered: dict[str, bytes] = {}
        self.refuses: tuple[int, int] | None = None
        self.state: dict[str, Any] = {}
        self.logins: dict[str, Card] = {}
        self.registered_logins: dict[str, bytes] = {}
        self.names_keys = True
        self.refuses_logins: Callable[[bytes | None], bool] = lambda _certificate: False

    def register(self, transaction: str, msisdn: str, iccid: str, certificate: bytes | None = None, *,
                 use: KeyUse = "signing") -> Registered:
        self.calls.append("register")
        self._here()
        if self.refuses is not None:
            return Registered(said(of_fault(*self.refuses), *self.refuses))
        if use == "authentication":
            if self.refuses_logins(certificate):
                return Registered(said(of_fault(109), 109))
            login = self.logins.setdefault(iccid, Card(msisdn, iccid))
            if certificate is not None:
                self.registered_logins[iccid] = certificate
            return Registered(said(of_status(100), 100), _spki(login), certificate)
        card = self.cards.setdefault(iccid, Card(msisdn, iccid))
        if certificate is not None:
            self.registered[iccid] = certificate
        return Registered(said(of_status(100), 100), _spki(card) if self.names_keys else None, certificate)

    def profile(self, transaction: str, msisdn: str) -> SimState:
        self.calls.append("profile")
        self._here()
        if (fault := self.state.get("fault")) is not None:
            return SimState(said(of_fault(*fault), *fault))
        return SimState(said(of_status(100), 100), (), self.state.get("iccid", ICCID), self.state.get("pin_blocked", False),
                        self.state.get("certificates", (*self.registered.values(), *self.registered_logins.values())))

    def answer(self, signing: Signing) -> None:
        """Let the phones sign what they are asked."""
        for name, asked in self.asked.items():
            cards = self.logins if asked.use == "authentication" else self.cards
            self.signatures[name] = next(card for card in cards.values() if card.msisdn == asked.msisdn).sign(asked.digest)


def _spki(card: Card) -> bytes:
    return bytes(card.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


class Authority:
    """Certifies keys, once each: those of documents with the serial 7, those for signing in with 8."""

    def __init__(self) -> None:
        self.revoked: list[tuple[str, str]] = []
        self.refuses, self.refuses_logins, self.away, self.absent = False, False, False, False
        self._given: dict[bytes, bytes] = {}

    def prepare(self, sim: Sim, public_key: bytes, *, use: KeyUse = "signing") -> Prepared:
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        login = use == "authentication"
        if self.absent:
            raise ConfigurationError("There is no certification authority yet.", remedy="Make one.")
        if self.refuses or (login and self.refuses_logins):
            raise RefusedError("no", code="no_authority", status=409)
        der = self._given.setdefault(public_key, certified(
            load_der_public_key(public_key), commits=not login).public_bytes(Encoding.DER))
        return Prepared(Certified(der, "8" if login else "7", "ours"), lambda _caller: None)

    def awaited(self, sim: Sim) -> bool:
        return False

    def revoke(self, serial: str, authority: str, reason: str, caller: Caller, *, certificate: bytes = b"") -> None:
        if self.away:
            raise UnavailableError("away", dependency="database")
        self.revoked.append((serial, reason))


class Inbox:
    """Short messages."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.away = False
        self.unknown: set[str] = set()

    def send(self, carrier: str, msisdn: str, text: str) -> None:
        if self.away:
            raise UnavailableError("away", dependency="short_messages")
        if msisdn in self.unknown:
            raise SimError("unknown", code="number_unknown", status=422)
        self.sent.append((msisdn, text))

    @property
    def code(self) -> str:
        return "".join(sign for sign in self.sent[-1][1] if sign.isdigit())


@dataclass
class House:
    """The rooms."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    mirror: Any = None
    """Other people than those of the tests of the room."""
    published: PublishedChain | None = None
    """Of the Government's authority, where that certifies cards."""
    certifier: Certifier | None = None
    """Another authority than that of the tests of the room."""

    def __post_init__(self) -> None:
        self.people: Any = People()
        self.carrier, self.inbox, self.authority = Registering(), Inbox(), Authority()
        for sub in ("holder", "another", "agency", "desk", "second"):
            self.people.status[sub] = "active"
        self.people = self.mirror or self.people
        self.store, self.standings = SqlSims(self.database), Known()
        certifier: Certifier = self.certifier or self.authority
        stands: Standings = self.standings
        if self.published is not None:
            certifier = CardAuthorities(self.authority, self.published, self.clock, by_list=True)
            stands = PublishedStandings(self.published, self.standings, self.clock)
        self.signing_sims = SigningSims(self.store, self.people)
        services = {"mang": self.carrier}
        self.signing = Signing(SqlTransactions(self.database), self.signing_sims, stands, services, self.clock)
        self.sims = SimEnrollment(self.store, self.people, services, self.inbox, certifier, self.signing,
                                  self.clock, key=b"k" * 32)
        self.doubts = SqlSimDoubts(self.database)
        self.brake = SimBrake(self.doubts, self.sims, Province(), DoubtRule(), self.clock)
        self.signing_sims.enrollment, self.signing_sims.brake = self.sims, self.brake
        self.nightly = NightlyCheck(self.store, self.sims, self.brake, services, self.people, self.clock)

    def asked(self, number: str = NUMBER, holder: str = "holder") -> Sim:
        return self.sims.ask(Actor(holder), holder, number, "mang", CALLER)

    def verified(self, number: str = NUMBER, holder: str = "holder") -> Sim:
        sim = self.asked(number, holder)
        return self.sims.verify(holder, sim.sim_id, self.inbox.code, CALLER)

    def approved(self, number: str = NUMBER, holder: str = "holder") -> Sim:
        sim = self.verified(number, holder)
        self.sims.approve(AGENCY, sim.sim_id, CALLER, owner_match=True)
        return self.sims.approve(DESK, sim.sim_id, CALLER)

    def bound(self, number: str = NUMBER, holder: str = "holder", iccid: str = ICCID) -> Sim:
        return self.sims.give_card(DESK, self.approved(number, holder).sim_id, iccid, CALLER)

    def copies(self, one: Sim, count: int, **how: Any) -> list[Sim]:
        """Keep other officers' SIMs that stand where this one does."""
        made = []
        for number in range(count):
            copy = dataclasses.replace(one, **{
                "sim_id": f"{one.sim_id[:-4]}z{number:03}", "sub": f"officer-{number}", "msisdn": f"849700000{number:02}",
                "iccid": f"89849900000001{number:05}", **how})
            entry = Entry(copy.sim_id, copy.revision, copy.since, Act.ASK, copy.state, copy.sub)
            assert self.store.add(SimChange(None, copy, entry), AuditRecord(AuditEvent.SIM_ASKED, copy.since, sub=copy.sub))
            made.append(copy)
        return made

    def active(self, number: str = NUMBER, holder: str = "holder", iccid: str = ICCID) -> Sim:
        sim = self.sims.test(holder, self.bound(number, holder, iccid).sim_id, CALLER)
        self.carrier.answer(self.signing)
        self.clock.advance(15)
        return self.sims.advance(sim, CALLER)
