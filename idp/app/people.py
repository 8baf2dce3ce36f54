"""The directory and its mirror as a deployment has them: servers, what is heard of changes, and the rooms that follow it."""

from __future__ import annotations

from typing import Protocol

from ..adapters.ldap.changes import SyncreplChanges
from ..adapters.ldap.connection import ServerList
from ..adapters.ldap.dialect import Dialect
from ..adapters.ldap.directory import LdapDirectory
from ..adapters.ldap.domain.active_directory import ActiveDirectory
from ..adapters.ldap.domain.usn import UsnChanges
from ..adapters.ldap.openldap import OpenLdap
from ..adapters.ldap.polling import BestChanges, PollingChanges
from ..adapters.ldap.server import Timing, servers_of
from ..adapters.sql.database import Database
from ..adapters.sql.directory.feed import SqlFeedRecord
from ..adapters.sql.directory.ledger import SqlLedger
from ..adapters.sql.directory.units import SqlUnits
from ..clock import Clock
from ..directory.aftermath import Aftermath
from ..directory.brake import Brake, BrakeRule
from ..directory.changes import Consequences
from ..directory.feed import Changes, Feed, ListedDirectory, NoChanges
from ..directory.officer import Directory
from ..services import Mirroring
from ..settings import Settings, read_secret

RESET_PASSWORD = "Put the password of the account that sets officers' passwords into it, mode 0600."
BIND_PASSWORD = "Put the password of the service account in the directory into it, mode 0600."


class WholeDirectory(Directory, ListedDirectory, Protocol):
    """A directory that people sign in with and that the mirror follows."""


def ldap_people(settings: Settings, clock: Clock) -> tuple[WholeDirectory, Changes]:
    """Build the LDAP directory of the settings, and what hears of its changes; nothing is asked of it yet.

    Raises:
        ConfigurationError: a file with the password of an account is missing or unsafe.
    """
    def password() -> str:
        return read_secret(settings.ldap_bind_password_file, BIND_PASSWORD)

    def reset_password() -> str:
        return read_secret(settings.ldap_reset_bind_password_file, RESET_PASSWORD)

    password()  # what is wrong with it is said at the start, not as an outage of the directory at the first sign-in
    if settings.ldap_reset_bind_dn:
        reset_password()
    base = settings.ldap_base_dn
    dialect: Dialect = ActiveDirectory(base, clock) if settings.ldap_kind == "active_directory" else OpenLdap(base)

    servers = ServerList(
        servers_of(settings.ldap_uri, write_uris=settings.ldap_write_uri, ca_file=settings.ldap_ca_file,
                   development=settings.development),
        bind_dn=settings.ldap_bind_dn, bind_password=password,
        timing=Timing(connect=settings.ldap_connect_timeout_seconds, operation=settings.ldap_operation_timeout_seconds),
        pool_size=settings.ldap_pool_size, is_somebody=dialect.is_somebody)
    directory = LdapDirectory(
        servers, base_dn=base, dialect=dialect, people_filter=settings.ldap_people_filter, decoy_dn=settings.ldap_decoy_dn,
        administrators=settings.ldap_administrators_group, concurrency=settings.login_concurrency,
        floor_seconds=settings.login_floor_milliseconds / 1000,
        reset_account=(settings.ldap_reset_bind_dn, reset_password) if settings.ldap_reset_bind_dn else None)
    listening = SyncreplChanges(servers, dialect, base_dn=base, people_filter=settings.ldap_people_filter)
    asking = UsnChanges if settings.ldap_kind == "active_directory" else PollingChanges
    polling = asking(servers, dialect, base_dn=base, people_filter=settings.ldap_people_filter,
                     every_seconds=settings.directory_poll_seconds)
    sources: dict[str, Changes] = {"syncrepl": listening, "polling": polling, "off": NoChanges(),
                                   "auto": BestChanges(servers, listening=listening, polling=polling)}
    return directory, sources[settings.directory_feed]


def mirroring(settings: Settings, database: Database, ledger: SqlLedger, directory: ListedDirectory, changes: Changes | None,
              consequences: Consequences, clock: Clock) -> Mirroring:
    """Build what keeps the mirror; without ``changes`` the directory is not followed."""
    record, units = SqlFeedRecord(database), SqlUnits(database)
    brake = Brake(record, ledger, BrakeRule(settings.directory_brake_percent, settings.directory_brake_least), clock)
    return Mirroring(
        feed=Feed(changes or NoChanges(), directory, ledger, units, record, brake, clock), brake=brake, ledger=ledger,
        units=units, aftermath=Aftermath(ledger, consequences, SqlFeedRecord(database, "consequences"), clock))
