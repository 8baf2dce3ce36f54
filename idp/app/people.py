"""The mirror of the directory as a deployment has it: the rooms that follow the directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..adapters.sql.database import Database
from ..adapters.sql.directory.feed import SqlFeedRecord
from ..adapters.sql.directory.guests import SqlGuests
from ..adapters.sql.directory.ledger import SqlLedger
from ..adapters.sql.directory.tasks import SqlTasks
from ..adapters.sql.directory.units import SqlUnits
from ..clock import Clock
from ..directory.aftermath import Aftermath, Several
from ..directory.brake import Brake, BrakeRule
from ..directory.changes import Consequences
from ..directory.feed import Changes, Feed, ListedDirectory, NoChanges
from ..directory.officer import Directory
from ..directory.sponsors import Sponsors
from ..directory.term import EndedTerms
from ..roles import Deputies, RoleGroups
from ..services import Mirroring
from ..settings import Settings


class WholeDirectory(Directory, ListedDirectory, Protocol):
    """A directory that people sign in with and that the mirror follows."""


def role_groups(settings: Settings, deputies: Deputies) -> RoleGroups:
    """Name the directory's groups that make administrators."""
    return RoleGroups(province=settings.ldap_province_administrators_group, agency=settings.ldap_administrators_group,
                      auditors=settings.ldap_auditors_group, registration=settings.ldap_registration_officers_group,
                      clerks=settings.ldap_records_clerks_group, help_desk=settings.ldap_help_desk_group,
                      deputies=deputies)


def mirroring(settings: Settings, database: Database, ledger: SqlLedger, directory: ListedDirectory, changes: Changes | None,
              consequences: Consequences, clock: Clock, due_at: Callable[[int, int], int]) -> Mirroring:
    """Build what keeps the mirror; without ``changes`` the directory is not followed. ``due_at`` as of ``Sponsors``."""
    sponsors = Sponsors(SqlGuests(database, SqlTasks(database, clock)), clock, due_at)
    record, units = SqlFeedRecord(database), SqlUnits(database)
    brake = Brake(record, ledger, BrakeRule(settings.directory_brake_percent, settings.directory_brake_least), clock)
    return Mirroring(
        feed=Feed(changes or NoChanges(), directory, ledger, units, record, brake, clock), brake=brake, ledger=ledger,
        units=units, ended_terms=EndedTerms(ledger, directory.find, clock),
        sponsors=sponsors,
        aftermath=Aftermath(ledger, Several((consequences, sponsors)), SqlFeedRecord(database, "consequences"), clock))
