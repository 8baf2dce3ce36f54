"""The rooms of the audit trail for administrators are wired."""

from __future__ import annotations

from ..adapters.seal_files import Es256SealSigner
from ..adapters.sql.database import Database
from ..adapters.sql.trail.search import SqlAuditSearch
from ..administration.audit.exports import AuditExports
from ..administration.audit.records import AuditRecords
from ..audit import AuditTrail
from ..audit.chain import SealStore
from ..audit.inspection import Inspection
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..roles import RoleGroups


def audit_rooms(database: Database, store: SealStore, signer: Es256SealSigner, mirror: OfficerMirror, groups: RoleGroups,
                trail: AuditTrail, clock: Clock) -> tuple[AuditRecords, AuditExports]:
    """Build what administrators look through, and what they export by."""
    search = SqlAuditSearch(database, clock)
    return (AuditRecords(search, Inspection(store, signer), mirror, groups),
            AuditExports(search, store, signer, trail, clock))
