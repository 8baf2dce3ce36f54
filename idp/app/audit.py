"""The rooms of the audit trail for administrators are wired."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from ..adapters import head_sinks
from ..adapters.seal_files import Es256SealSigner
from ..adapters.sql.database import Database
from ..adapters.sql.directory.administrators import SqlAgencyAdministrators
from ..adapters.sql.trail.archives import SqlArchives
from ..adapters.sql.trail.days import SqlDayHeads
from ..adapters.sql.trail.search import SqlAuditSearch
from ..adapters.trail.archive_files import FileArchiveFolder
from ..administration.audit.actors import Actors
from ..administration.audit.archived import ArchivedMonths
from ..administration.audit.exports import AuditExports
from ..administration.audit.readings import OwnReadings
from ..administration.audit.records import AuditRecords
from ..audit import AuditTrail, Caller
from ..audit.archive.archives import Archives
from ..audit.chain import AuditChain, SealStore
from ..audit.days import DailyHeads
from ..audit.inspection import Inspection
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..notices import Notices
from ..pki.timestamp.asking import stamped
from ..pki.timestamp.service import TimeStamps
from ..roles import RoleGroups
from ..settings import Settings


class AuditRooms(NamedTuple):
    """What administrators look through and export by, what officers see of it, and what became of old months."""

    records: AuditRecords
    exports: AuditExports
    readings: OwnReadings
    archived: ArchivedMonths


def audit_rooms(settings: Settings, database: Database, store: SealStore, signer: Es256SealSigner, chain: AuditChain,
                time_stamps: TimeStamps, mirror: OfficerMirror, actors: Actors, groups: RoleGroups, notices: Notices,
                trail: AuditTrail, clock: Clock) -> AuditRooms:
    """Build the rooms."""
    search = SqlAuditSearch(database, clock)
    folder = None if settings.audit_archive_dir is None else FileArchiveFolder(settings.audit_archive_dir)
    archives = Archives(SqlArchives(database), store, signer,
                        lambda digest: stamped(time_stamps, digest, Caller("worker", "")), folder, clock,
                        hot_months=settings.audit_hot_months, keep_months=settings.audit_keep_months)
    return AuditRooms(AuditRecords(search, Inspection(store, signer, chain), mirror, actors, archives),
                      AuditExports(search, store, signer, archives, trail, clock), OwnReadings(search, mirror),
                      ArchivedMonths(archives, SqlAgencyAdministrators(database, groups, clock), mirror, notices, groups, clock))


def daily_heads(settings: Settings, database: Database, store: SealStore, time_stamps: TimeStamps, clock: Clock) -> DailyHeads:
    """Build what takes the head of each day off the machine."""
    place = head_sinks.outside(settings.audit_heads_to, ca_file=settings.audit_heads_ca_file,
                               origin=urlsplit(settings.issuer).hostname or "-")
    return DailyHeads(SqlDayHeads(database), store, lambda digest: stamped(time_stamps, digest, Caller("worker", "")), place,
                      clock)
