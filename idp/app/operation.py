"""Builds the rooms of the operation: what waits for delivery, requests that may be sent again, and jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..adapters.sql.database import Database
from ..adapters.sql.operation.jobs import SqlJobs
from ..adapters.sql.operation.repeats import SqlAnsweredRequests
from ..adapters.sql.outbox import SqlMail, SqlOutbox
from ..administration.audit.exports import AuditExports
from ..administration.enrollment.lists import EnrollmentLists
from ..administration.operation.deliveries import Deliveries
from ..administration.operation.jobs import Jobs
from ..administration.operation.kinds import kinds
from ..administration.operation.repeats import Repeats
from ..administration.operation.work import JobWork
from ..administration.people.file import OfficerFile
from ..administration.rollout.accounts import ForgottenAccounts
from ..administration.rollout.files import CampaignFiles
from ..audit import AuditTrail
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..jose.keyset import Sealer
from ..roles import RoleGroups


def deliveries(outbox: SqlOutbox, mail: SqlMail, audit: AuditTrail, clock: Clock) -> Deliveries:
    """Build what shows and revives what could not be delivered."""
    return Deliveries({"logout": outbox, "mail": mail}, audit, clock)


def repeats(database: Database, clock: Clock) -> Repeats:
    """Build what knows requests that were done."""
    return Repeats(SqlAnsweredRequests(database), clock)


def job_rooms(database: Database, officers: OfficerFile, exports: AuditExports, accounts: ForgottenAccounts,
              campaigns: CampaignFiles, lists: EnrollmentLists, problems: Callable[[Sequence[Mapping[str, Any]]], bytes],
              mirror: OfficerMirror, groups: RoleGroups, sealer: Sealer, audit: AuditTrail, clock: Clock) -> tuple[Jobs, JobWork]:
    """Build what takes jobs, and what does them."""
    known, store = kinds(officers, exports, accounts, campaigns, lists, problems), SqlJobs(database)
    jobs = Jobs(store, known, mirror, groups, sealer, audit, clock)
    return jobs, JobWork(store, jobs, known, sealer, clock)
