"""An authority with what tells of its certificates."""

from __future__ import annotations

from pathlib import Path

from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.status import SqlStatusStore
from idp.pki.authority.issuance import Issuance
from idp.pki.status.crl import RevocationListMaker
from idp.pki.status.ocsp import OcspResponder
from tests.fakes.sealer import FakeSealer
from tests.pki.authority.house import ADDRESSES, CALLER
from tests.pki.authority.house import House as Authority


class House(Authority):
    """The authority, its lists and its responder."""

    def __init__(self, database: Database, folder: Path, *, founded: bool = True) -> None:
        super().__init__(database, folder)
        self.status = SqlStatusStore(database)
        self.lists = RevocationListMaker(self.store, self.status, self.keys, ADDRESSES, self.clock)
        self.issuance = Issuance(self.store, self.keys, ADDRESSES, self.clock, keys=self.keys, organization="Tỉnh Hậu Giang",
                                 lists=self.lists)
        self.ocsp = OcspResponder(self.store, self.status, self.issuance, FakeSealer(), self.clock, organization="Tỉnh Hậu Giang")
        if founded:
            self.founded()
            self.ocsp.renew_due(CALLER)
