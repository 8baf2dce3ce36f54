"""Typed settings: ``IDP_*`` in the environment over one TOML file, checked before anything starts.

The file is named by ``IDP_CONFIG`` (default ``var/idp.toml`` where that exists, else ``/etc/idp/idp.toml``). Unknown keys, in the
file or with the prefix ``IDP_``, refuse to start; so does anything that would make a deployment unsafe. A secret is always a
path of a file. ``flask --app wsgi doctor --settings`` lists every key with its meaning.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from .errors import ConfigurationError

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
    ldap_base_dn: str = Field("dc=haugiang,dc=gov,dc=vn", description="Base of people, units and groups")
    ldap_bind_dn: str = Field("cn=idp,ou=services,dc=haugiang,dc=gov,dc=vn", description="Service account, reads only")
    ldap_bind_password_file: Path = Field(Path("keys/ldap-bind.password"), description="File with its password")
    ldap_ca_file: Path | None = Field(None, description="CA certificates that directory servers must chain to")
    ldap_connect_timeout_seconds: float = Field(2.0, gt=0, le=10, description="Time-out of connecting")
    ldap_operation_timeout_seconds: float = Field(5.0, gt=0, le=30, description="Time-out of one operation")
    ldap_pool_size: int = Field(4, ge=1, le=64, description="Service connections kept")
    ldap_people_filter: str = Field("(objectClass=inetOrgPerson)", description="What is an officer")
    ldap_decoy_dn: str = Field("uid=decoy,ou=services,dc=haugiang,dc=gov,dc=vn",
                               description="Entry that unknown names are bound against, so that time tells nothing")
    ldap_mail_domain: str = Field("haugiang.gov.vn", description="Domain of official mail; a name with it is a mail address")

    ldap_administrators_group: str = Field("quantri-coquan",
                                           description="Group (cn) of agency administrators, named to officers who need help")

    keys_dir: Path = Field(Path("keys"), description="Private key material, mode 0700")
    clients_dir: Path = Field(Path("clients"), description="Registration files of the province's applications")
    software_issuers_file: Path | None = Field(
        None, description="JSON: who may vouch for applications with a software statement, and the public keys of each")
    trusted_proxies: Words = Field((), description="Addresses or networks whose X-Forwarded-For and -Proto count")
    outbound_allow: Words = Field((), description="Hosts our own fetches may reach in private networks")
    metrics_token_file: Path | None = Field(None, description="Bearer token for /metrics from beyond loopback")

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

    security_level: Literal[2, 3] = Field(2, description="Level of TCVN 14423: session limits and password rules")
    code_lifetime_seconds: int = Field(60, ge=10, le=60, description="Authorization codes (RFC 6749 4.1.2, FAPI: 60)")
    access_token_lifetime_seconds: int = Field(600, ge=60, le=3600, description="Access tokens")
    refresh_token_lifetime_seconds: int = Field(30 * 86400, ge=3600, description="Absolute end of a family with offline_access")
    refresh_grace_seconds: int = Field(10, ge=0, le=60, description="A repeated refresh within this time is a retry; 0 = off")
    interaction_lifetime_seconds: int = Field(3600, ge=300, le=86400, description="How long an open sign-in page lives")
    logout_token_lifetime_seconds: int = Field(120, ge=30, le=120, description="Back-channel logout tokens")
    login_concurrency: int = Field(2, ge=1, le=64, description="Sign-ins that may wait for the directory at once, per process")
    login_floor_milliseconds: int = Field(0, ge=0, le=2000, description="Shortest answer to a sign-in, hit or miss")
    sign_in_source_failures: int = Field(200, ge=20, le=1800,
                                         description="Wrong passwords let through from one address in half an hour")
    require_second_factor_groups: Words = Field(("lanhdao", "quantri-tinh", "quantri-coquan", "kiemtoan"),
                                                description="Groups whose members need two factors at sign-in")

    legacy_response_types: bool = Field(False, description="Front-channel token response types (conformance tests)")
    request_uri_fetch: bool = Field(False, description="Fetch registered request_uris")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Level of the JSON log")

    @field_validator("ldap_uri", "trusted_proxies", "outbound_allow", "require_second_factor_groups", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) else value

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
    path = _config_path()
    if path is not None and not path.is_file():
        raise ConfigurationError(f"The settings file {path} does not exist.", remedy="Create it or correct IDP_CONFIG.")
    known = {f"IDP_{name.upper()}" for name in Settings.model_fields} | {"IDP_CONFIG"}
    unknown = sorted(name for name in os.environ if name.startswith("IDP_") and name not in known)
    if unknown:
        raise ConfigurationError(f"Unknown setting {unknown[0]}.",
                                 remedy="Correct its name; `flask --app wsgi doctor --settings` lists them all.")
    try:
        settings = Settings()
    except ValidationError as err:
        first = err.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"Setting {name}: {first['msg']}.",
                                 remedy="Correct it; `flask --app wsgi doctor --settings` lists them all.") from err
    except ValueError as err:
        raise ConfigurationError(f"The settings file {path} is not valid TOML.", remedy=str(err)) from err
    _refuse_unsafe(settings)
    return settings


def _refuse_unsafe(settings: Settings) -> None:
    issuer = urlsplit(settings.issuer)
    if (issuer.scheme not in {"http", "https"} or not issuer.hostname or issuer.query or issuer.fragment
            or issuer.path.endswith("/")):
        raise ConfigurationError(f"The issuer {settings.issuer!r} is not an issuer identifier.",
                                 remedy="Set IDP_ISSUER to https://host without a trailing slash, query or fragment.")
    if issuer.path:
        raise ConfigurationError("An issuer with a path is not supported.", remedy="Give the provider a host name of its own.")
    if not settings.secure and not settings.development:
        raise ConfigurationError("The issuer is http outside development.", remedy="Set IDP_ISSUER to the https address.")
    if settings.development and not settings.secure and issuer.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigurationError("An http issuer is allowed on loopback only.", remedy="Use http://localhost:PORT or https.")
    if os.environ.get("AUTHLIB_INSECURE_TRANSPORT") and not settings.development:
        raise ConfigurationError("AUTHLIB_INSECURE_TRANSPORT is set.", remedy="Remove it from the environment.")
    if os.environ.get("FLASK_DEBUG", "0") not in {"", "0"} and not settings.development:
        raise ConfigurationError("FLASK_DEBUG is set outside development.", remedy="Remove it from the environment.")


def read_secret(path: Path) -> str:
    """Read a secret file.

    Args:
        path: A file with one line, mode 0600 (or 0400, 0440 and 0640 where a group of the service's own reads it).

    Raises:
        ConfigurationError: it is missing, empty, a well-known default, or readable by others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except OSError as err:
        raise ConfigurationError(f"The secret file {path} cannot be read.",
                                 remedy="Create it, or run `flask --app wsgi keys init`.") from err
    if stat.S_IMODE(mode) & 0o137:
        raise ConfigurationError(f"The secret file {path} can be used by others (mode {stat.S_IMODE(mode):04o}).",
                                 remedy=f"Run: chmod 600 {path}")
    if not text or text.lower() in {"changeme", "change-me", "secret", "password", "admin", "default"}:
        raise ConfigurationError(f"The secret file {path} is empty or holds a default.", remedy="Put a random value into it.")
    return text
