"""What the settings say of the servers around a deployment: directory, mail server, token with keys, and authorities.

Each is built without being asked anything; what is missing or unsafe is said as a ConfigurationError, with its remedy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates

from ..adapters.ldap.changes import SyncreplChanges, without_mailboxes
from ..adapters.ldap.connection import ServerList
from ..adapters.ldap.dialect import Dialect
from ..adapters.ldap.directory import LdapDirectory
from ..adapters.ldap.domain.active_directory import ActiveDirectory
from ..adapters.ldap.domain.usn import UsnChanges
from ..adapters.ldap.openldap import OpenLdap
from ..adapters.ldap.polling import BestChanges, PollingChanges
from ..adapters.ldap.server import Timing, servers_of
from ..adapters.mail import SmtpServer
from ..clock import Clock
from ..directory.feed import Changes, NoChanges
from ..errors import ConfigurationError
from ..pki.path_validation import CertificateAuthorities
from ..settings import Settings, read_secret
from .people import WholeDirectory

if TYPE_CHECKING:  # an optional package is behind it
    from ..adapters.pkcs11_keys import Pkcs11Keys

RESET_PASSWORD = "Put the password of the account that sets officers' passwords into it, mode 0600."
SMTP_PASSWORD = "Put the password for the mail server into it, mode 0600, or leave IDP_SMTP_USERNAME out."
BIND_PASSWORD = "Put the password of the service account in the directory into it, mode 0600."


def mail_server(settings: Settings, clock: Clock) -> SmtpServer | None:
    """Build the mail server of the settings, where there is one; nothing is asked of it yet.

    Raises:
        ConfigurationError: the file with its password or with its authorities is missing or unsafe.
    """
    if not settings.smtp_host:
        return None

    def credentials() -> tuple[str, str]:
        return settings.smtp_username, read_secret(settings.smtp_password_file, SMTP_PASSWORD)

    if settings.smtp_username:
        credentials()
    try:
        return SmtpServer(
            settings.smtp_host, settings.smtp_port, tls=settings.smtp_tls, sender=(settings.product_name, settings.smtp_from),
            domain=urlsplit(settings.issuer).hostname or "localhost", clock=clock, ca_file=settings.smtp_ca_file,
            credentials=credentials if settings.smtp_username else None)
    except OSError as err:
        raise ConfigurationError(f"IDP_SMTP_CA_FILE: {settings.smtp_ca_file} holds no certificates.",
                                 remedy="Put the certificates of the authorities there, in PEM.") from err


def client_authorities(settings: Settings) -> CertificateAuthorities:
    """Read the authorities whose certificates authenticate applications. Raises ConfigurationError."""
    return _authorities(settings.tls_client_ca_file, "IDP_TLS_CLIENT_CA_FILE")


def officer_authorities(settings: Settings) -> CertificateAuthorities:
    """Read the authorities whose certificates officers sign in with; none where certificates are not asked for.

    Raises:
        ConfigurationError: the file is not named, cannot be read, or holds no certificates.
    """
    if not settings.certificate_origin:
        return CertificateAuthorities()
    if settings.officer_ca_file is None:
        raise ConfigurationError("IDP_CERTIFICATE_ORIGIN is set, but no authority of officers' certificates is named.",
                                 remedy="Name the file with their certificates in IDP_OFFICER_CA_FILE.")
    return _authorities(settings.officer_ca_file, "IDP_OFFICER_CA_FILE")


def _authorities(path: Path | None, name: str) -> CertificateAuthorities:
    if path is None:
        return CertificateAuthorities()
    try:
        return CertificateAuthorities(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"{name}: {path} holds no certificates.",
                                 remedy="Put the certificates of the authorities there, in PEM.") from err


def key_token(settings: Settings, clock: Clock) -> Pkcs11Keys | None:
    """Build the token that keeps signing keys and keys of authorities, where one is configured; nothing is asked of it yet.

    Raises:
        ConfigurationError: the optional package for PKCS #11 is not installed.
    """
    if settings.pkcs11_module is None:
        return None
    try:
        from ..adapters.pkcs11_keys import Pkcs11Keys
    except ImportError as err:
        raise ConfigurationError("The package python-pkcs11 is not installed.", debug=str(err),
                                 remedy="Run: .venv/bin/pip install --require-hashes -r requirements/pkcs11.txt") from err
    return Pkcs11Keys(settings.pkcs11_module, settings.pkcs11_token_label, lambda: read_secret(settings.pkcs11_pin_file), clock)


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
    guests = frozenset(kind.casefold() for kind in settings.ldap_guest_types)
    kind = ActiveDirectory if settings.ldap_kind == "active_directory" else OpenLdap
    dialect: Dialect = kind(base, clock, guests)
    people_filter = without_mailboxes(settings.ldap_people_filter or dialect.people_filter, settings.ldap_mailbox_filter)

    servers = ServerList(
        servers_of(settings.ldap_uri, write_uris=settings.ldap_write_uri, ca_file=settings.ldap_ca_file,
                   development=settings.development),
        bind_dn=settings.ldap_bind_dn, bind_password=password,
        timing=Timing(connect=settings.ldap_connect_timeout_seconds, operation=settings.ldap_operation_timeout_seconds),
        pool_size=settings.ldap_pool_size, is_somebody=dialect.is_somebody)
    directory = LdapDirectory(
        servers, base_dn=base, dialect=dialect, people_filter=people_filter, decoy_dn=settings.ldap_decoy_dn,
        administrators=settings.ldap_administrators_group, concurrency=settings.login_concurrency,
        floor_seconds=settings.login_floor_milliseconds / 1000,
        reset_account=(settings.ldap_reset_bind_dn, reset_password) if settings.ldap_reset_bind_dn else None)
    listening = SyncreplChanges(servers, dialect, base_dn=base, people_filter=people_filter)
    asking = UsnChanges if settings.ldap_kind == "active_directory" else PollingChanges
    polling = asking(servers, dialect, base_dn=base, people_filter=people_filter,
                     every_seconds=settings.directory_poll_seconds, listing_seconds=settings.directory_listing_seconds)
    sources: dict[str, Changes] = {"syncrepl": listening, "polling": polling, "off": NoChanges(),
                                   "auto": BestChanges(servers, listening=listening, polling=polling)}
    return directory, sources[settings.directory_feed]
