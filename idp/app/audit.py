"""The rooms of the audit trail for administrators are wired."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..adapters import head_sinks
from ..adapters.seal_files import Es256SealSigner
from ..adapters.sql.database import Database
from ..adapters.sql.trail.days import SqlDayHeads
from ..adapters.sql.trail.search import SqlAuditSearch
from ..administration.audit.exports import AuditExports
from ..administration.audit.readings import OwnReadings
from ..administration.audit.records import AuditRecords
from ..audit import AuditTrail, Caller
from ..audit.chain import SealStore
from ..audit.days import DailyHeads
from ..audit.inspection import Inspection
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..pki.timestamp.asking import stamped
from ..pki.timestamp.service import TimeStamps
from ..roles import RoleGroups
from ..settings import Settings


def audit_rooms(database: Database, store: SealStore, signer: Es256SealSigner, mirror: OfficerMirror, groups: RoleGroups,
                trail: AuditTrail, clock: Clock) -> tuple[AuditRecords, AuditExports, OwnReadings]:
    """Build what administrators look through, what they export by, and what officers see of it."""
    search = SqlAuditSearch(database, clock)
    return (AuditRecords(search, Inspection(store, signer), mirror, groups),
            AuditExports(search, store, signer, trail, clock), OwnReadings(search, mirror))


def daily_heads(settings: Settings, database: Database, store: SealStore, time_stamps: TimeStamps, clock: Clock) -> DailyHeads:
    """Build what takes the head of each day off the machine."""
    place = head_sinks.outside(settings.audit_heads_to, ca_file=settings.audit_heads_ca_file,
                               origin=urlsplit(settings.issuer).hostname or "-")
    return DailyHeads(SqlDayHeads(database), store, lambda digest: stamped(time_stamps, digest, Caller("worker", "")), place,
                      clock)
