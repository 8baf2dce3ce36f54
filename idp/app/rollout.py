"""Campaigns are wired: the room, its stores, and what administrators call."""

from __future__ import annotations

from dataclasses import dataclass

from ..adapters.sheets import SheetFiles
from ..adapters.sql.database import Database
from ..adapters.sql.directory.administrators import SqlAgencyAdministrators
from ..adapters.sql.directory.units import SqlUnits
from ..adapters.sql.rollout.accounts import SqlAccounts
from ..adapters.sql.rollout.campaigns import SqlCampaigns
from ..adapters.sql.rollout.courses import SqlCourses
from ..adapters.sql.rollout.facts import SqlObserver
from ..adapters.sql.rollout.records import SqlCandidates, SqlRecords
from ..adapters.sql.rollout.reminders import SqlCampaignReminders
from ..administration.audit.actors import Actors
from ..administration.operation.files import ListFiles
from ..administration.rollout.accounts import ForgottenAccounts
from ..administration.rollout.campaigns import RolloutAdministration
from ..administration.rollout.files import CampaignFiles
from ..administration.rollout.reminding import CampaignReminding
from ..administration.rollout.reports import RolloutReports
from ..audit import AuditTrail
from ..clock import Clock
from ..directory.mirror import OfficerMirror
from ..oauth.client import ClientRegistry
from ..pki.enrollment.working_days import WorkingDays
from ..roles import RoleGroups
from ..rollout.campaigns import Campaigns
from ..rollout.courses import CampaignCourses
from ..rollout.reminders import Reminders
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class RolloutRooms:
    """What is built here.

    Attributes:
        campaigns: For the worker; so ``reminders`` and ``courses``.
        administration: For administrators; so ``reminding``, ``reports``, ``campaign_files`` and ``accounts``.
        files: Gives lists of people away.
    """

    campaigns: Campaigns
    reminders: Reminders
    courses: CampaignCourses
    administration: RolloutAdministration
    reminding: CampaignReminding
    reports: RolloutReports
    campaign_files: CampaignFiles
    accounts: ForgottenAccounts
    files: ListFiles


def rollout_rooms(settings: Settings, database: Database, clients: ClientRegistry, mirror: OfficerMirror, actors: Actors,
                  groups: RoleGroups, calendar: WorkingDays, audit: AuditTrail, clock: Clock) -> RolloutRooms:
    """Build them."""
    units, store, records = SqlUnits(database), SqlCampaigns(database), SqlRecords(database)
    campaigns = Campaigns(store, SqlCandidates(database, clients.all, clock), units, SqlObserver(database),
                          clock)
    courses = CampaignCourses(store, records, SqlCourses(database))
    administration = RolloutAdministration(campaigns, courses, actors, clock)
    told = SqlCampaignReminders(database)
    administrators = SqlAgencyAdministrators(database, groups, clock)
    reminders = Reminders(store, courses, told, mirror, administrators, calendar, clock)
    sheets = SheetFiles()
    files = ListFiles(sheets, audit, clock)
    return RolloutRooms(campaigns, reminders, courses, administration,
                        CampaignReminding(administration, reminders, administrators),
                        RolloutReports(administration, units, sheets, calendar, settings.province_name, told, actors),
                        CampaignFiles(administration, told, files),
                        ForgottenAccounts(SqlAccounts(database, clients.all, clock), files), files)
