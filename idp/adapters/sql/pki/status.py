"""Lists and signers in the database (port: ``pki.status.ports.StatusStore``)."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import select

from ....pki.status.ports import RevocationList, Signer
from ..database import Database, parameter
from ..tables import PkiListRow, PkiSignerRow

LIST: Any = PkiListRow.__table__
SIGNER: Any = PkiSignerRow.__table__


class SqlStatusStore:
    """The store on one database. Every verb raises UnavailableError when the database does not answer."""

    def __init__(self, database: Database) -> None:
        put = database.insert(LIST).values({column.name: parameter(column) for column in LIST.columns})
        newer = {name: put.excluded[name] for name in ("number", "made_at", "next_update", "content", "der")}
        self._put_list = database.write(guard=put.on_conflict_do_update(
            index_elements=["authority", "shard"], set_=newer,
            where=LIST.c.number < put.excluded.number).returning(LIST.c.number))
        self._find_list = database.read(select(LIST).where(
            LIST.c.authority == parameter(LIST.c.authority), LIST.c.shard == parameter(LIST.c.shard)))
        keep = database.insert(SIGNER).values({column.name: parameter(column) for column in SIGNER.columns})
        self._put_signer = database.write(guard=keep.on_conflict_do_update(index_elements=["authority"], set_={
            name: keep.excluded[name] for name in ("serial", "sealed_key", "certificate",
                                                   "not_after")}).returning(SIGNER.c.authority))
        self._signer = database.read(select(SIGNER).where(SIGNER.c.authority == parameter(SIGNER.c.authority)))

    def put_list(self, made: RevocationList) -> bool:
        """Keep a list instead of an older one."""
        return self._put_list.run(**dataclasses.asdict(made)) is not None

    def find_list(self, authority: str, shard: int) -> RevocationList | None:
        """Find the newest list."""
        row = self._find_list.one(authority=authority, shard=shard)
        return None if row is None else RevocationList(**{**row._asdict(), "der": bytes(row.der)})

    def put_signer(self, signer: Signer) -> None:
        """Keep a signer instead of the one before."""
        self._put_signer.run(**dataclasses.asdict(signer))

    def signer(self, authority: str) -> Signer | None:
        """Find the signer in use."""
        row = self._signer.one(authority=authority)
        return None if row is None else Signer(
            **{**row._asdict(), "sealed_key": bytes(row.sealed_key), "certificate": bytes(row.certificate)})
