"""Typed settings: ``IDP_*`` in the environment over one TOML file, checked before anything starts.

The file is named by ``IDP_CONFIG`` (default ``var/idp.toml`` where that exists, else ``/etc/idp/idp.toml``). Unknown keys, in
the file or with the prefix ``IDP_``, refuse to start; so does anything that would make a deployment unsafe. A secret is always
a path of a file. ``flask --app wsgi doctor --settings`` lists every key with its meaning.
"""

from __future__ import annotations

import ipaddress
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from .database_address import holds_password, is_usable
from .errors import ConfigurationError
from .secret_files import FOR_OTHERS
from .secret_files import OF_THE_HOUSE as OF_THE_HOUSE
from .secret_files import read_secret as read_secret

Words = Annotated[tuple[str, ...], NoDecode]
"""Several values in one variable, separated by spaces; a list in the TOML file."""


class Settings(BaseSettings):
    """Everything a deployment decides. Safe defaults; the unit of a number is in its name."""

    model_config = SettingsConfigDict(env_prefix="IDP_", extra="forbid", frozen=True, validate_default=True)

    env: Literal["development", "production"] = Field("production", description="development allows http on loopback")
    issuer: str = Field("http://localhost:8000", description="Issuer identifier, exactly as clients see it; https in production")
    database_url: str = Field("sqlite:///var/idp.sqlite3", description="SQLAlchemy URL; PostgreSQL in production")
    database_pool_size: int = Field(6, ge=2, le=64, description="Connections per engine and process; threads + 2")

    ldap_uri: Words = Field(("ldap://127.0.0.1:3890",), description="Directory servers in order, separated by spaces")
    ldap_write_uri: Words = Field((), description="Servers that take changes, where others are replicas; empty = all")
    ldap_kind: Literal["openldap", "active_directory"] = Field("openldap", description="What the directory servers are")
    ldap_base_dn: str = Field("dc=haugiang,dc=gov,dc=vn", description="Base of people, units and groups")
    ldap_bind_dn: str = Field("cn=idp,ou=services,dc=haugiang,dc=gov,dc=vn", description="Service account, reads only")
    ldap_bind_password_file: Path = Field(Path("keys/ldap-bind.password"), description="File with its password")
    ldap_reset_bind_dn: str = Field("", description="Account that sets officers' passwords; empty = nobody resets any")
    ldap_reset_bind_password_file: Path = Field(Path("keys/ldap-reset.password"), description="File with its password")
    ldap_ca_file: Path | None = Field(None, description="CA certificates that directory servers must chain to")
    ldap_connect_timeout_seconds: float = Field(2.0, gt=0, le=10, description="Time-out of connecting")
    ldap_operation_timeout_seconds: float = Field(5.0, gt=0, le=30, description="Time-out of one operation")
    ldap_pool_size: int = Field(4, ge=1, le=64, description="Service connections kept")
    ldap_people_filter: str = Field("", description="What is an officer; empty = inetOrgPerson, or a user of Active Directory")
    ldap_mailbox_filter: str = Field("(employeeType=mailbox)", pattern=r"^(\(.+\))?$",
                                     description="What of that is a mailbox of an office and no person; empty = nothing")
    ldap_guest_types: Words = Field(("contractor", "vendor", "intern"),
                                    description="Values of employeeType of guests, who need a last day (vnValidTo)")
    ldap_decoy_dn: str = Field("uid=decoy,ou=services,dc=haugiang,dc=gov,dc=vn",
                               description="Entry that unknown names are bound against, so that time tells nothing")
    ldap_mail_domain: str = Field("haugiang.gov.vn", description="Domain of official mail; a name with it is a mail address")

    ldap_administrators_group: str = Field("quantri-coquan", description="Group (cn) of agency administrators, named for help")
    ldap_province_administrators_group: str = Field("quantri-tinh", description="Group (cn) of the province's administrators")
    ldap_auditors_group: str = Field("kiemtoan", description="Group (cn) of auditors, who read what administrators see")
    ldap_registration_officers_group: str = Field("dangky-chungthu", description="Group (cn) of those who ask for certificates")
    ldap_records_clerks_group: str = Field("vanthu-thietbi", description="Group (cn) of records clerks, who keep devices")
    ldap_help_desk_group: str = Field("hotro-nguoidung", description="Group (cn) of those who help officers of their agency")

    keys_dir: Path = Field(Path("keys"), description="Private key material, mode 0700")
    clients_dir: Path = Field(Path("clients"), description="Registration files of the province's applications")
    signing_key_rotation_days: int = Field(90, ge=0, le=400,
                                           description="How long a token signing key signs; 0 = until an operator rotates")
    directory_feed: Literal["auto", "syncrepl", "polling", "off"] = Field(
        "auto", description="How changes of the directory are heard of; auto asks the server what it can")
    directory_poll_seconds: float = Field(3.0, ge=0.1, le=60, description="Between two questions, where it is polled")
    directory_listing_seconds: float = Field(
        60.0, ge=1, le=86400, description="Between two listings of all identifiers, where it is polled: they find who is gone")
    directory_brake_percent: int = Field(5, ge=1, le=100,
                                         description="Share of the active officers that may leave at once without a release")
    directory_brake_least: int = Field(10, ge=0, le=1000, description="So many may always leave at once")

    signing_keys: Literal["database", "pkcs11"] = Field("database", description="Where new token signing keys are made and kept")
    pkcs11_module: Path | None = Field(None, description="PKCS #11 module of the token, a shared library")
    pkcs11_token_label: str = Field("", description="Label of that token")
    pkcs11_pin_file: Path = Field(Path("keys/pkcs11.pin"), description="File with its user PIN")
    software_issuers_file: Path | None = Field(None, description="JSON: who may vouch for applications, with their public keys")
    mssp_file: Path | None = Field(None, description="TOML: carriers whose SIMs sign for officers, and how each is reached")
    sim_certificates: Literal["internal", "government"] = Field(
        "internal", description="Who certifies the keys of those SIMs: the province's authority, or the Government's, by lists")
    sim_brake_percent: int = Field(
        2, ge=1, le=100, description="Share of a carrier's SIMs that may end as exchanged within a day; all others are in doubt")
    sim_brake_least: int = Field(5, ge=0, le=1000, description="So many of a carrier may always end as exchanged within a day")
    assertion_issuers_file: Path | None = Field(None, description="JSON: whose assertions about officers are grants, and to whom")
    trusted_proxies: Words = Field((), description="Addresses or networks whose X-Forwarded-For and -Proto count")
    networks: Words = Field((), description="Networks by name, name=network[,network...]; an address in none is outside")
    outbound_allow: Words = Field((), description="Hosts our own fetches may reach in private networks")
    metrics_token_file: Path | None = Field(None, description="Bearer token for /metrics from beyond loopback")

    audit_heads_to: str = Field("", description="Place of the audit trail's daily heads: syslog+tls://host:6514 or file:///path")
    audit_heads_ca_file: Path | None = Field(None, description="Authorities that its certificate must chain to, not the system's")
    audit_archive_dir: Path | None = Field(None, description="Folder for archived months of the audit trail; empty = all stays")
    audit_hot_months: int = Field(3, ge=1, le=240, description="Months before the running one that stay in the database")
    audit_keep_months: int = Field(24, ge=2, le=1200, description="Months after which an archived one is due for deletion")
    smtp_host: str = Field("", description="Mail server that takes notices to officers; empty = they stand on the pages only")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port; 465 with implicit TLS")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="How the connection is encrypted; none only on loopback in development")
    smtp_ca_file: Path | None = Field(None, description="Authorities that its certificate must chain to, besides the system's")
    smtp_username: str = Field("", description="Name to authenticate with; empty = without")
    smtp_password_file: Path = Field(Path("keys/smtp.password"), description="File with its password")
    smtp_from: str = Field("dangnhap@haugiang.gov.vn", pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$",
                           description="Address that notices come from")

    province_name: str = Field("Tỉnh Hậu Giang", description="Shown on every page")
    product_name: str = Field("Hệ thống đăng nhập một lần", description="Shown under the province's name")
    province_name_en: str = Field("Hậu Giang Province", description="The same in English")
    product_name_en: str = Field("Single sign-on", description="The same in English")
    help_phone: str = Field("0293 000 0000", description="The province's help line")
    help_hours: str = Field("Ngày làm việc, 7 giờ đến 17 giờ", description="When it answers")
    help_hours_en: str = Field("Working days, 7:00 to 17:00", description="The same in English")
    theme_css_file: Path | None = Field(None, description="A CSS file that overrides --idp-accent* and --idp-panel*")
    logo_file: Path | None = Field(None, description="An SVG shown instead of our mark")
    acr_prefix: str = Field("urn:haugiang:acr:", description="Prefix of acr values; the level follows")
    authorization_details_prefix: str = Field("urn:haugiang:authorization:",
                                              description="Prefix of types of authorization details (RFC 9396)")

    security_level: Literal[2, 3] = Field(2, description="Level of TCVN 14423: session limits and password rules")
    code_lifetime_seconds: int = Field(60, ge=10, le=60, description="Authorization codes (RFC 6749 4.1.2, FAPI: 60)")
    pushed_request_lifetime_seconds: int = Field(60, ge=10, le=600, description="Pushed requests (RFC 9126), until opened")
    require_pushed_authorization_requests: bool = Field(False, description="Every application must push its requests")
    device_code_lifetime_seconds: int = Field(600, ge=60, le=1800, description="Device codes and user codes (RFC 8628 3.2)")
    access_token_lifetime_seconds: int = Field(600, ge=60, le=3600, description="Access tokens")
    refresh_token_lifetime_seconds: int = Field(30 * 86400, ge=3600, description="Absolute end of a family with offline_access")
    refresh_grace_seconds: int = Field(10, ge=0, le=60, description="A repeated refresh within this time is a retry; 0 = off")
    mtls_origin: str = Field("", pattern=r"^(https://[^/?#]+)?$",
                             description="Where the proxy asks for client certificates, https://host; empty = no mutual TLS")
    tls_client_ca_file: Path | None = Field(None, description="Authorities of certificates that authenticate applications")
    certificate_origin: str = Field("", pattern=r"^(https://[^/?#]+)?$",
                                    description="Where the proxy asks officers for certificates, https://host; empty = off")
    officer_ca_file: Path | None = Field(None, description="Authorities of officers' certificates on tokens and cards")
    officer_crl_dir: Path | None = Field(None, description="Folder with their revocation lists, *.crl, kept up to date")
    dpop_nonce_required: bool = Field(False, description="Every DPoP proof needs a nonce of ours (RFC 9449 8)")
    interaction_lifetime_seconds: int = Field(3600, ge=300, le=86400, description="How long an open sign-in page lives")
    logout_token_lifetime_seconds: int = Field(120, ge=30, le=120, description="Back-channel logout tokens")
    login_concurrency: int = Field(2, ge=1, le=64, description="Sign-ins that may wait for the directory at once, per process")
    login_floor_milliseconds: int = Field(0, ge=0, le=2000, description="Shortest answer to a sign-in, hit or miss")
    sign_in_source_failures: int = Field(200, ge=20, le=1800, description="Wrong passwords from one address in half an hour")
    sign_in_pause_seconds: int = Field(
        1, ge=0, le=60, description="Pause after a third wrong password or code in a row, then doubled each time; 0 = none")
    sign_in_pause_max_seconds: int = Field(60, ge=1, le=300, description="The longest such pause")
    password_notice_days: int = Field(14, ge=0, le=60, description="Days before its end that a password is spoken of; 0 = never")
    pki_origin: str = Field("", description="Origin in certificates for status and issuers (http is usual); empty = the issuer")
    ca_policy_arc: str = Field(
        "2.25.214139428418386023216364211537107640713", pattern=r"^[0-2](\.(0|[1-9][0-9]*)){2,}$",
        description="Arc below which the policies of the province's own certificates stand")
    ca_keys: Literal["file", "pkcs11"] = Field(
        "file", description="Where keys of new issuing authorities are made and kept: keys/ca, or the PKCS #11 token")
    est: bool = Field(False, description="Enrolment over HTTP (EST, RFC 7030) from the province's own authority")
    tsa_access: Literal["off", "networks", "token"] = Field(
        "off", description="Who may ask for time-stamps (RFC 3161): nobody, loopback and tsa_networks, or the scope time_stamp")
    tsa_networks: Words = Field((), description="Addresses and networks that may ask for time-stamps without a token")
    tsa_policy: str = Field("", pattern=r"^([0-2](\.(0|[1-9][0-9]*)){2,})?$",
                            description="Policy of time-stamps; empty = arc 100 below ca_policy_arc")
    tsa_accuracy_seconds: int = Field(1, ge=1, le=60, description="By how much the clock of this machine may be wrong")
    csc_multisign: int = Field(3, ge=1, le=5, description="Documents of one leave to sign; the phone asks about each in turn")
    waiting_requests: int = Field(2, ge=1, le=60, description="Requests of a process that wait for phones: half its threads")
    ca_weak_keys_dir: Path | None = Field(None, description="Folder of Debian's lists of weak RSA keys (openssl-blacklist)")
    government_chain_dir: Path | None = Field(
        None, description="Folder with the published chain of the Government's authority, and fingerprints.txt")
    government_crl_dir: Path | None = Field(None, description="Folder with that authority's revocation lists, *.crl")
    government_crl_fetch: bool = Field(False, description="The worker fetches those lists hourly, where the certificates say")
    holidays_file: Path | None = Field(None, description="TOML table of holidays, for deadlines in working days")
    personal_data_notice_file: Path | None = Field(None, description="TOML: what officers are told of their data; unset = none")
    password_recovery: bool = Field(True, description="Officers with two factors set a forgotten password themselves")
    one_time_password_hours: int = Field(24, ge=1, le=72, description="How long a password is good that an administrator made")
    require_second_factor_groups: Words = Field(
        ("lanhdao", "quantri-tinh", "quantri-coquan", "kiemtoan"),
        description="Groups whose members need two factors at sign-in; administrators and auditors always do")
    require_second_factor_units: Words = Field(
        (), description="Codes of agencies whose officers, with all units below, need two factors at sign-in")
    require_second_factor_networks: Words = Field(
        (), description="Names of networks, or outside, from which everybody needs two factors")
    second_factor_grace_days: int = Field(
        0, ge=0, le=90, description="Days that officers of such groups and agencies may sign in without one, counted from the "
        "first time; administrators and auditors never")
    second_factor_from: date | None = Field(
        None, description="Day (YYYY-MM-DD) from which these days count at the earliest; unset = the first time")
    first_factor_networks: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None, description="Names of networks, or outside, where a first factor is enrolled with the password alone; unset = "
        "the named ones that need no second factor (in development outside too); empty = nowhere, only with a code")
    temporary_pass_hours: int = Field(8, ge=1, le=24, description="How long a temporary pass is good for which nobody says it")
    enrolment_code_minutes: int = Field(60, ge=5, le=1440, description="How long a code for a first factor is good")

    remember_device_days: int = Field(
        30, ge=0, le=90, description="How long officers may have a device not ask for the second factor; 0 = never")

    fresh_authentication_seconds: int = Field(300, ge=60, le=3600,
                                              description="How long after a sign-in its officer may change sign-in factors")

    break_glass_name: str = Field("", pattern=r"^([a-z0-9][a-z0-9._-]{2,63})?$",
                                  description="Login name of the break-glass administrator; empty = switched off")

    webauthn_rp_id: str = Field("", description="Domain that passkeys belong to: the issuer's host (empty) or one above it; "
                                "all passkeys end with a change")

    legacy_response_types: bool = Field(False, description="Tokens through the browser: implicit and hybrid response types")
    request_uri_fetch: bool = Field(False, description="Fetch registered request_uris")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Level of the JSON log")

    @field_validator("ldap_uri", "ldap_write_uri", "trusted_proxies", "networks", "outbound_allow", "tsa_networks",
                     "require_second_factor_groups", "require_second_factor_units",
                     "require_second_factor_networks", "first_factor_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("tsa_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ipaddress.ip_network(text, strict=False)
        return value

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments (tests), environment, the TOML file."""
        path = _config_path()
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
        if path is not None:
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=path))
        return tuple(sources)

    @property
    def secure(self) -> bool:
        """Whether the issuer is https; decides cookie names and the Secure attribute."""
        return self.issuer.startswith("https://")

    @property
    def passkey_domain(self) -> str:
        """RP ID of passkeys (Web Authentication §4); empty where there can be none, because the issuer's host is an address."""
        host = urlsplit(self.issuer).hostname or ""
        return "" if _is_address(host) else self.webauthn_rp_id or host

    @property
    def development(self) -> bool:
        """Whether this is a developer's machine."""
        return self.env == "development"

    @property
    def idle_limit_seconds(self) -> int:
        """Idle limit of an officer's session: 1 h at level 2, 15 min at level 3."""
        return 3600 if self.security_level == 2 else 900

    @property
    def absolute_limit_seconds(self) -> int:
        """Absolute limit of a session: 24 h at level 2, 12 h at level 3."""
        return 24 * 3600 if self.security_level == 2 else 12 * 3600

    @property
    def console_idle_limit_seconds(self) -> int:
        """Idle limit of the administrators' console: 30 min at level 2, 5 min at level 3."""
        return 1800 if self.security_level == 2 else 300

    @property
    def console_absolute_limit_seconds(self) -> int:
        """How long after a sign-in the console opens at most: 12 h."""
        return 12 * 3600


def _config_path() -> Path | None:
    named = os.environ.get("IDP_CONFIG")
    if named:
        return Path(named)
    for candidate in (Path("var/idp.toml"), Path("/etc/idp/idp.toml")):
        if candidate.exists():
            return candidate
    return None


def load() -> Settings:
    """Read and check the settings.

    Raises:
        ConfigurationError: one sentence what is wrong, one what to do. Only what settings alone can tell is checked here;
            keys and migrations are checked by ``app.create_app``.
    """
    settings, wrong = _examine()
    if settings is None or wrong:
        raise wrong[0]
    return settings


def problems() -> tuple[ConfigurationError, ...]:
    """Give everything for which ``load`` would refuse, in its order."""
    return tuple(_examine()[1])


def given() -> dict[str, Any]:
    """Give the settings as they stand in the environment and the file, unchecked; what cannot be read is left out."""
    found: dict[str, Any] = {}
    path = _config_path()
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
    variables = {name: os.environ.get(f"IDP_{name.upper()}") for name in Settings.model_fields}
    return found | {name: value for name, value in variables.items() if value is not None}


def _examine() -> tuple[Settings | None, list[ConfigurationError]]:
    """Read the settings, as far as they can be, and give what is wrong with them."""
    path = _config_path()
    if path is not None and not path.is_file():
        return None, [ConfigurationError(f"The settings file {path} does not exist.", remedy="Create it or correct IDP_CONFIG.")]
    known = {f"IDP_{name.upper()}" for name in Settings.model_fields} | {"IDP_CONFIG"}
    unknown = sorted(name for name in os.environ if name.startswith("IDP_") and name not in known)
    lists = "`flask --app wsgi doctor --settings` lists them all."
    wrong = [ConfigurationError(f"Unknown setting {name}.", remedy=f"Correct its name; {lists}") for name in unknown]
    if path is not None and (mode := stat.S_IMODE(path.stat().st_mode)) & FOR_OTHERS and holds_password(path):
        wrong.append(ConfigurationError(
            f"The settings file {path} holds a password and can be used by others (mode {mode:04o}).",
            remedy=f"Run: chmod 600 {path} (or 640, with a group of the service's own)"))
    try:
        settings = Settings()
    except ValidationError as err:
        for one in err.errors():
            name = ".".join(str(part) for part in one["loc"])
            wrong.append(ConfigurationError(f"Setting {name}: {one['msg']}.", remedy=f"Correct it; {lists}"))
        return None, wrong
    except ValueError as err:
        return None, [*wrong, ConfigurationError(f"The settings file {path} is not valid TOML.", remedy=f"Mend it: {err}")]
    except OSError as err:
        return None, [*wrong, ConfigurationError(f"The settings file {path} cannot be read.",
                                                 remedy="Let the account that runs this read it.", debug=str(err))]
    return settings, [*wrong, *_unsafe(settings)]


def _unsafe(settings: Settings) -> Iterator[ConfigurationError]:
    issuer = urlsplit(settings.issuer)
    if (issuer.scheme not in {"http", "https"} or not issuer.hostname or issuer.query or issuer.fragment
            or issuer.path.endswith("/")):
        yield ConfigurationError(f"The issuer {settings.issuer!r} is not an issuer identifier.",
                                 remedy="Set IDP_ISSUER to https://host without a trailing slash, query or fragment.")
    elif issuer.path:
        yield ConfigurationError("An issuer with a path is not supported.", remedy="Give the provider a host name of its own.")
    elif not settings.secure and not settings.development:
        yield ConfigurationError("The issuer is http outside development.", remedy="Set IDP_ISSUER to the https address.")
    elif not settings.secure and issuer.hostname not in {"localhost", "127.0.0.1", "::1"}:
        yield ConfigurationError("An http issuer is allowed on loopback only.", remedy="Use http://localhost:PORT or https.")
    domain, host = settings.webauthn_rp_id, issuer.hostname or ""
    if domain and (_is_address(host) or not (f".{host}".endswith(f".{domain}") and ("." in domain or domain == host))):
        yield ConfigurationError(f"Passkeys cannot belong to {domain!r} at this issuer.",
                                 remedy="Set IDP_WEBAUTHN_RP_ID to the issuer's host name or a domain above it, or leave it out.")
    if ("pkcs11" in (settings.signing_keys, settings.ca_keys) or settings.pkcs11_module) and not (
            settings.pkcs11_module and settings.pkcs11_token_label):
        yield ConfigurationError("Keys in a PKCS #11 token need a module and the label of the token.",
                                 remedy="Set IDP_PKCS11_MODULE and IDP_PKCS11_TOKEN_LABEL.")
    if settings.government_crl_fetch and not (settings.government_crl_dir and settings.government_chain_dir):
        yield ConfigurationError("Lists of the Government's authority are to be fetched, and there is no place for them.",
                                 remedy="Set IDP_GOVERNMENT_CRL_DIR and IDP_GOVERNMENT_CHAIN_DIR, or leave it out.")
    if settings.sim_certificates == "government" and not (settings.government_crl_dir and settings.government_chain_dir):
        yield ConfigurationError("Nobody could tell how certificates of SIMs stand that the Government's authority makes.",
                                 remedy="Set IDP_GOVERNMENT_CRL_DIR and IDP_GOVERNMENT_CHAIN_DIR.")
    if os.environ.get("AUTHLIB_INSECURE_TRANSPORT") and not settings.development:
        yield ConfigurationError("AUTHLIB_INSECURE_TRANSPORT is set.", remedy="Remove it from the environment.")
    if os.environ.get("FLASK_DEBUG", "0") not in {"", "0"} and not settings.development:
        yield ConfigurationError("FLASK_DEBUG is set outside development.", remedy="Remove it from the environment.")
    if settings.smtp_host and settings.smtp_tls == "none" and not (
            settings.development and settings.smtp_host in {"localhost", "127.0.0.1", "::1"}):
        yield ConfigurationError("Mail would be sent without TLS.", remedy="Set IDP_SMTP_TLS to starttls or implicit.")
    if settings.audit_keep_months <= settings.audit_hot_months:
        yield ConfigurationError("The audit trail would be due for deletion while it is in the database.",
                                 remedy="Set IDP_AUDIT_KEEP_MONTHS to more than IDP_AUDIT_HOT_MONTHS.")
    if not is_usable(settings.database_url):
        # The URL may hold a password, so it is not repeated.
        yield ConfigurationError("The database URL is none that this provider can use.", remedy="Set IDP_DATABASE_URL to "
                                 "postgresql+psycopg://user@host/name, or to sqlite:///path for one machine.")


def _is_address(host: str) -> bool:
    """Tell whether a host is an IP address rather than a name."""
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False
