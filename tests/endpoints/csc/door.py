"""The API of remote signing behind the programs' door: a provider, an officer with a SIM, and an application."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from idp.adapters.sql.administration import SqlAdministrationTokens
from idp.adapters.sql.database import Database
from idp.authn.lockout import Lockout
from idp.endpoints.csc import version1, version2
from idp.endpoints.csc.admission import Admission
from idp.endpoints.csc.house import AUTHORIZE_LIMITS, Rooms, logging_in, revoking
from idp.endpoints.time_stamps import STAMP_LIMITS
from idp.endpoints.wsgi import Dispatcher, Route
from idp.oauth.proof.holder import Holders
from idp.oauth.tokens.resource_access import ResourceAccess
from tests.fakes.guess_counter import FakeGuessCounter
from tests.pki.timestamp.test_time_stamps import House as Stamps
from tests.provider import ACR_PREFIX, ASSURANCE, CALLER, ISSUER, House, Reply
from tests.signing.cards import Card
from tests.signing.csc.house import FIRST
from tests.signing.csc.house import House as Phones

SHA256, ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


class Door(House):
    """Everything a program meets that signs."""

    def __init__(self, database: Database, folder: Path, *, stamps: bool = False) -> None:
        super().__init__(database)
        self.phones = Phones(database, clock=self.clock)
        self.sub = self.officer()
        self.phones.cards[self.sub] = self.phones.cards.pop("sub-1")
        self.stamps: Any = Stamps(database, folder).stamps if stamps else SimpleNamespace(switched_on=False)
        tokens = SqlAdministrationTokens(database, self.clock)
        self.access = ResourceAccess(self.tokens, tokens, self.registry, self.clock, ASSURANCE, Holders(self.proofs),
                                     idle_limit_seconds=3600)
        self.rooms = Rooms(
            signing=self.phones.csc, admission=Admission(self.access, self.registry, (ISSUER,), ACR_PREFIX),
            authorizations=Lockout(FakeGuessCounter(), self.clock, AUTHORIZE_LIMITS, kind="csc"), time_stamps=self.stamps,
            stamp_requests=Lockout(FakeGuessCounter(), self.clock, STAMP_LIMITS, kind="stamps"), issuer=ISSUER,
            name="Tỉnh Hậu Giang", logo=f"{ISSUER}/static/mark.svg", login=logging_in(self.provider),
            revoke=revoking(self.provider))
        self.app = Dispatcher([Route("/csc/v1/**", "csc", version1.endpoint(self.rooms), ("POST",)),
                               Route("/csc/v2/**", "csc", version2.endpoint(self.rooms), ("POST",))], fallback=self.app)
        self.service = self.tokens_for(scope="openid service")["access_token"]

    def card(self, sub: str) -> None:
        """Give another officer a SIM."""
        self.phones.cards[sub] = Card(f"8491200{len(self.phones.cards):04d}", f"898401200000000{len(self.phones.cards):04d}")

    @property
    def credential(self) -> str:
        return self.phones.credential(self.sub)

    def ask(self, method: str, body: Any = None, *, token: str | None = None, version: str = "v1", kind: str = "application/json",
            **headers: str) -> Reply:
        """Call a method; the token is the service's unless another is given, and none for ""."""
        token = self.service if token is None else token
        sent = {"content-type": kind} | ({"authorization": f"Bearer {token}"} if token else {}) | headers
        content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        return self.call("POST", f"/csc/{version}/{method}", body=content, headers=sent)

    def leave(self, *digests: bytes, **changes: Any) -> dict[str, Any]:
        """Have the officer allow one signing on our page, and the phone sign; gives the token answer."""
        digests = digests or (FIRST,)
        hashes = ",".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in digests)
        self.client(authorization_details_types=("credential",))
        asked = self.asked(**{"scope": "credential", "numSignatures": str(len(digests)), "hash": hashes, "nonce": None} | changes)
        one = self.phones.csc.authorize(self.phones.who(sub=self.sub), self.phones.wish(*digests, sub=self.sub), CALLER)
        agreed = replace(asked, agreed_by=self.sub, signing=one.authorization_id)
        code = dict(self.provider.issue_code(agreed, session=self.session(self.sub), caller=CALLER).parameters)["code"]
        return dict(self.redeem(code).json)

    def authorize(self, *digests: bytes, token: str | None = None, **changes: Any) -> Reply:
        hashes = [b64(one) for one in digests or (FIRST,)]
        body = {"credentialID": self.credential, "numSignatures": len(hashes), "hash": hashes} | changes
        return self.ask("credentials/authorize", {name: value for name, value in body.items() if value is not ...}, token=token)

    def sign(self, sad: Any, *digests: bytes, token: str | None = None, **changes: Any) -> Reply:
        hashes = [b64(one) for one in digests or (FIRST,)]
        body = {"credentialID": self.credential, "SAD": sad, "hash": hashes, "hashAlgo": SHA256,
                "signAlgo": ECDSA_SHA256} | changes
        return self.ask("signatures/signHash", {name: value for name, value in body.items() if value is not ...}, token=token)
