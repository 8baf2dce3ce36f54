"""How the officers' directory of a deployment is built."""

from __future__ import annotations

from ..adapters.ldap.active_directory import ActiveDirectory
from ..adapters.ldap.connection import ServerList
from ..adapters.ldap.dialect import Dialect
from ..adapters.ldap.directory import LdapDirectory
from ..adapters.ldap.openldap import OpenLdap
from ..adapters.ldap.server import Timing, servers_of
from ..clock import Clock
from ..directory.officer import Directory
from ..settings import Settings, read_secret

RESET_PASSWORD = "Put the password of the account that sets officers' passwords into it, mode 0600."
BIND_PASSWORD = "Put the password of the service account in the directory into it, mode 0600."


def ldap_directory(settings: Settings, clock: Clock) -> Directory:
    """Build the LDAP directory of the settings; nothing is asked of it yet.

    Raises:
        ConfigurationError: the file with the password of the service account is missing or unsafe.
    """
    def password() -> str:
        return read_secret(settings.ldap_bind_password_file, BIND_PASSWORD)

    def reset_password() -> str:
        return read_secret(settings.ldap_reset_bind_password_file, RESET_PASSWORD)

    password()  # what is wrong with it is said at the start, not as an outage of the directory at the first sign-in
    if settings.ldap_reset_bind_dn:
        reset_password()
    base = settings.ldap_base_dn
    dialect: Dialect = ActiveDirectory(base, clock) if settings.ldap_kind == "active_directory" else OpenLdap()

    servers = ServerList(
        servers_of(settings.ldap_uri, write_uris=settings.ldap_write_uri, ca_file=settings.ldap_ca_file,
                   development=settings.development),
        bind_dn=settings.ldap_bind_dn, bind_password=password,
        timing=Timing(connect=settings.ldap_connect_timeout_seconds, operation=settings.ldap_operation_timeout_seconds),
        pool_size=settings.ldap_pool_size, is_somebody=dialect.is_somebody)
    return LdapDirectory(
        servers, base_dn=base, dialect=dialect, people_filter=settings.ldap_people_filter, decoy_dn=settings.ldap_decoy_dn,
        administrators=settings.ldap_administrators_group, concurrency=settings.login_concurrency,
        floor_seconds=settings.login_floor_milliseconds / 1000,
        reset_account=(settings.ldap_reset_bind_dn, reset_password) if settings.ldap_reset_bind_dn else None)
