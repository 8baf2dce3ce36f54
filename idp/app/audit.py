"""The rooms of the audit trail for administrators are wired."""

from __future__ import annotations

from ..adapters.seal_files import Es256SealSigner
from ..adapters.sql.database import Database
from ..adapters.sql.trail.search import SqlAuditSearch
from ..administration.audit.records import AuditRecords
from ..audit.chain import SealStore
from ..audit.inspection import Inspection
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..roles import RoleGroups


def audit_records(database: Database, store: SealStore, signer: Es256SealSigner, mirror: OfficerMirror, groups: RoleGroups,
                  clock: Clock) -> AuditRecords:
    """Build what administrators look through."""
    return AuditRecords(SqlAuditSearch(database, clock), Inspection(store, signer), mirror, groups)
