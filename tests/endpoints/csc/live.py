"""A province over HTTP: its authority, the API of remote signing, and a carrier's service with phones that say yes."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from werkzeug.serving import WSGIRequestHandler, make_server

from deploy.mobile_signature.__main__ import Simulator
from deploy.mobile_signature.subscribers import Subscribers, luhn
from deploy.ports import free_ports
from idp.adapters.key_files import write_once
from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.database import Database
from idp.adapters.sql.signing.transactions import SqlTransactions
from idp.app.certificate_desk import certification, issuers_of
from idp.app.remote_signing import remote_signing
from idp.clock import SystemClock
from idp.endpoints.certificate_status import OcspEndpoint, RevocationListEndpoint
from idp.endpoints.csc import version1, version2
from idp.endpoints.csc.admission import Admission
from idp.endpoints.csc.house import Rooms, logging_in, revoking
from idp.endpoints.wsgi import Dispatcher, Route
from idp.oauth.proof.holder import Holders
from idp.oauth.tokens.resource_access import ResourceAccess
from idp.pki.authority.issuance import Order
from idp.pki.authority.ports import Reason
from idp.pki.authority.subject import Subject
from idp.pki.government.chain import PublishedChain
from idp.signing.following import Rules
from idp.signing.ports import BoundSim
from idp.signing.signing import Order as SigningOrder
from idp.signing.signing import Signing
from idp.signing.standing import OwnStandings
from idp.signing.transaction import State
from tests.fakes.guess_counter import FakeGuessCounter
from tests.fakes.sealer import FakeSealer
from tests.provider import ACR_PREFIX, ASSURANCE, CALLER, House
from tests.signing.cards import Bound
from tests.signing.dying import client_of

KINDS = ("rsa-2048", "rsa-2048-pss", "p-256")


class Quiet(WSGIRequestHandler):
    """Writes nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Do nothing."""


class SimsOfTheSimulator(Bound):
    """Which of its SIMs is whose."""

    def __init__(self) -> None:
        super().__init__({})
        self.bound: dict[str, BoundSim] = {}

    def all(self, sub: str) -> list[BoundSim]:
        return [self.bound[sub]]

    def signing(self, sub: str, *, testing: bool = False, iccid: str = "") -> BoundSim:
        assert iccid in ("", self.bound[sub].iccid)
        return self.bound[sub]


class Province(House):
    """Everything on loopback; ``url`` is its address. ``close`` it."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, clock=SystemClock())
        port, phones = free_ports(1)[0], free_ports(2)[0]
        self.url, self.folder = f"http://127.0.0.1:{port}", folder
        self.simulator = Simulator(folder / "mssp", phones)
        (folder / "mssp" / "url").write_text(f"https://127.0.0.1:{phones + 1}/soap/services")
        settings: Any = SimpleNamespace(keys_dir=folder, ca_keys="file", pki_origin=self.url, issuer=self.url, waiting_requests=4,
                                        ca_policy_arc="2.25.1", province_name="Tỉnh Hậu Giang", ca_weak_keys_dir=None,
                                        csc_multisign=3)
        self.issuance, self.lists, self.ocsp = certification(settings, database, FakeSealer(), write_once, None, self.clock)
        self.issuance.found("pilot", CALLER, root_key=None)
        self.ocsp.renew_due(CALLER)
        standings = OwnStandings(lambda asked: self.ocsp.answer(asked).der, self.issuance.authorities)
        self.sims = SimsOfTheSimulator()
        services = {"mang": client_of(folder / "mssp")}
        self.signing = signing = Signing(SqlTransactions(database), self.sims, standings, services, self.clock,
                                         Rules(first_seconds=1, again_seconds=1))
        room = remote_signing(settings, database, signing, self.sims, standings, issuers_of(
            PublishedChain((), Any), self.issuance, self.clock), FakeGuessCounter(), lambda purpose: purpose.encode()[:32].ljust(
                32), self.clock)
        access = ResourceAccess(self.tokens, SqlAdministrationTokens(database, self.clock), self.registry, self.clock, ASSURANCE,
                                Holders(self.proofs), idle_limit_seconds=3600)
        rooms = Rooms(signing=room.signing, admission=Admission(access, self.registry, (self.url,), ACR_PREFIX),
                      authorizations=room.authorizations, time_stamps=SimpleNamespace(switched_on=False),  # type: ignore[arg-type]
                      stamp_requests=room.authorizations, issuer=self.url, name="Tỉnh Hậu Giang", logo="",
                      login=logging_in(self.provider), revoke=revoking(self.provider))
        ocsp = OcspEndpoint(self.ocsp)
        self.app = Dispatcher([
            Route("/csc/v1/**", "csc", version1.endpoint(rooms), ("POST",)),
            Route("/csc/v2/**", "csc", version2.endpoint(rooms), ("POST",)),
            Route("/ocsp", "ocsp", ocsp, OcspEndpoint.METHODS), Route("/ocsp/**", "ocsp", ocsp, OcspEndpoint.METHODS),
            Route("/crl/*", "crl", RevocationListEndpoint(self.lists), RevocationListEndpoint.METHODS)], fallback=self.app)
        self._server = make_server("127.0.0.1", port, self.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.simulator.start()
        self.subs = {kind: self._officer(kind, number) for number, kind in enumerate(KINDS, start=1)}

    def credential(self, kind: str) -> tuple[str, str]:
        """Give an access token and the credential of the officer whose SIM is of a kind."""
        token = self.tokens_for(session=self.session(self.subs[kind]), scope="service")["access_token"]
        reply = self.call("POST", "/csc/v1/credentials/list", body=b"{}", headers={
            "content-type": "application/json", "authorization": f"Bearer {token}"})
        return token, str(reply.json["credentialIDs"][0])

    def revoke_certificate(self, kind: str) -> None:
        """Revoke the certificate of a SIM."""
        record = self.issued[kind].record
        self.issuance.revoke(record.serial, Reason.SUPERSEDED, CALLER)
        self.lists.make_due()  # as the worker does

    def pem(self) -> tuple[Path, Path]:
        """Write the root, and the certificates between; for other programs."""
        chain = self.issuance.chain(self.issuance.authority())
        root, between = self.folder / "root.pem", self.folder / "between.pem"
        root.write_bytes(chain[-1].public_bytes(Encoding.PEM))
        between.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain[:-1]))
        return root, between

    def close(self) -> None:
        """Stop everything."""
        self._server.shutdown()
        self._server.server_close()
        self.simulator.stop()

    def _officer(self, kind: str, number: int) -> str:
        """Give an officer a SIM of a kind: registered with the carrier, certified by the authority."""
        msisdn, iccid = f"8499000000{number}", luhn(f"898499000000000{number:03}")
        Subscribers(self.simulator.store).add([{"msisdn": msisdn, "cards": [{"iccid": iccid, "key": kind}]}])
        with self.simulator.store.writing() as database:
            database.execute("UPDATE phone SET automatic = 'accept', automatic_after = 0.1")
        client = client_of(self.folder / "mssp")
        registered = client.register(f"r{iccid}", msisdn, iccid)
        assert registered.public_key is not None
        sub = self.officer(f"canbo{number}")
        issued = self.issuance.issue(Order(
            profile="officer_signing", public_key=load_der_public_key(registered.public_key), holder=sub, unit_code="H30.1",  # type: ignore[arg-type]
            subject=Subject(name=f"Cán Bộ Mẫu {number}", organization="Tỉnh Hậu Giang", units=("Văn phòng UBND tỉnh",),
                            mail=f"canbo{number}@haugiang.gov.vn", uid=f"canbo{number}")), CALLER)
        self.issued: dict[str, Any] = {**getattr(self, "issued", {}), kind: issued}
        client.register(f"c{iccid}", msisdn, iccid, issued.record.der)
        self.sims.bound[sub] = BoundSim(msisdn, iccid, "mang", issued.record.der)
        self._test_signature(sub, number)
        return sub

    def _test_signature(self, sub: str, number: int) -> None:
        """Have a SIM sign once, as at its enrolment: from then on it is known how it signs."""
        one = self.signing.ask(SigningOrder(
            client_id="sims", idempotency_key=f"test-{number}", sub=sub, unit_code="H30.1", title="", digest_name="sha256",
            digest=hashlib.sha256(sub.encode()).digest(), document="Ký thử", subject="Ký thử"), CALLER)
        until = time.monotonic() + 60
        while one.state is State.SENT:
            assert time.monotonic() < until
            time.sleep(0.1)
            one = self.signing.look(one, CALLER)
        assert one.state is State.READY, one
