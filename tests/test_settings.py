"""Settings refuse to start with one sentence and its remedy, rather than run unsafely."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from idp import settings as settings_module
from idp.cli import listed_settings
from idp.errors import ConfigurationError
from idp.settings import Settings, given, load, problems, read_secret


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("IDP_") or name in {"AUTHLIB_INSECURE_TRANSPORT", "FLASK_DEBUG"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.toml").write_text("")
    monkeypatch.setenv("IDP_CONFIG", str(tmp_path / "empty.toml"))
    monkeypatch.setenv("IDP_ISSUER", "https://sso.example.vn")


def refused(match: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError, match=match) as caught:
        load()
    assert caught.value.remedy
    assert "Remedy: " in str(caught.value)
    return caught.value


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text('province_name = "Tỉnh Khác"\naccess_token_lifetime_seconds = 300\n')
    monkeypatch.setenv("IDP_ACCESS_TOKEN_LIFETIME_SECONDS", "400")
    settings = load()
    assert settings.province_name == "Tỉnh Khác"
    assert settings.access_token_lifetime_seconds == 400


def test_several_values_are_separated_by_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_LDAP_URI", "ldaps://one.example  ldaps://two.example")
    monkeypatch.setenv("IDP_TRUSTED_PROXIES", "127.0.0.1 10.0.0.0/8")
    settings = load()
    assert settings.ldap_uri == ("ldaps://one.example", "ldaps://two.example")
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


def test_an_unknown_variable_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISUER", "https://sso.example.vn")
    refused("IDP_ISUER")


def test_an_unknown_key_of_the_file_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text('isuer = "x"\n')
    refused("isuer")


def test_a_file_that_is_not_there_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_CONFIG", "/nowhere/idp.toml")
    refused("does not exist")


def test_a_file_that_is_no_toml_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("issuer = \n")
    refused("TOML")


def test_a_value_out_of_range_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_CODE_LIFETIME_SECONDS", "3600")
    refused("code_lifetime_seconds")


def test_the_trail_is_kept_for_longer_than_it_is_in_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load()
    assert (settings.audit_archive_dir, settings.audit_hot_months, settings.audit_keep_months) == (None, 3, 24)
    monkeypatch.setenv("IDP_AUDIT_HOT_MONTHS", "24")
    refused("due for deletion while it is in the database")
    for name, value in (("IDP_AUDIT_HOT_MONTHS", "0"), ("IDP_AUDIT_HOT_MONTHS", "x"), ("IDP_AUDIT_KEEP_MONTHS", "1")):
        monkeypatch.setenv(name, value)
        refused(name.lower().removeprefix("idp_"))
        monkeypatch.delenv(name)


@pytest.mark.parametrize("issuer", [
    "http://sso.example.vn", "ftp://sso.example.vn", "sso.example.vn", "https://sso.example.vn/", "https://sso.example.vn/idp",
    "https://sso.example.vn?a=b", "https://sso.example.vn#f", "http://localhost:8000", "",
])
def test_an_issuer_that_is_none_refuses_to_start_in_production(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("IDP_ISSUER", issuer)
    refused(r"(?i)issuer")


def test_development_takes_http_on_loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ENV", "development")
    monkeypatch.setenv("IDP_ISSUER", "http://localhost:8000")
    assert not load().secure
    monkeypatch.setenv("IDP_ISSUER", "http://sso.example.vn")
    refused("loopback")


@pytest.mark.parametrize(("name", "value"), [("AUTHLIB_INSECURE_TRANSPORT", "1"), ("FLASK_DEBUG", "1")])
def test_switches_that_weaken_libraries_refuse_to_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    refused(name)


PASSWORDS = ["postgresql+psycopg://idp:hunter2@db.example/idp", "postgresql+psycopg://idp@/idp?host=/run/postgresql&password=hunter2"]


@pytest.mark.parametrize("url", PASSWORDS)
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o666])
def test_a_settings_file_with_a_password_that_others_can_use_refuses_to_start(tmp_path: Path, mode: int, url: str) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(f'database_url = "{url}"\n')
    path.chmod(mode)
    problem = refused("holds a password and can be used by others")
    assert f"chmod 600 {path}" in problem.remedy
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("url", PASSWORDS)
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_settings_file_with_a_password_may_be_read_by_its_owner_and_the_group_of_the_service(
    tmp_path: Path, mode: int, url: str,
) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(f'database_url = "{url}"\n')
    path.chmod(mode)
    assert load().database_url == url


def test_a_settings_file_with_a_password_is_refused_also_while_the_environment_overrules_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(f'database_url = "{PASSWORDS[0]}"\n')
    path.chmod(0o644)
    monkeypatch.setenv("IDP_DATABASE_URL", "sqlite:///var/idp.sqlite3")
    refused("holds a password")


@pytest.mark.parametrize("url", ["sqlite:///var/idp.sqlite3", "postgresql+psycopg://idp@/idp"])
def test_a_settings_file_without_a_password_may_be_read_by_everybody(tmp_path: Path, url: str) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(f'database_url = "{url}"\n')
    path.chmod(0o644)
    assert load().database_url == url


@pytest.mark.parametrize("given", [
    {"SIGNING_KEYS": "pkcs11"}, {"SIGNING_KEYS": "pkcs11", "PKCS11_MODULE": "/usr/lib/hsm.so"},
    {"SIGNING_KEYS": "pkcs11", "PKCS11_TOKEN_LABEL": "province"}, {"PKCS11_MODULE": "/usr/lib/hsm.so"}])
def test_keys_in_a_token_need_a_module_and_a_label(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"IDP_{name}", value)
    refused("need a module and the label")


def test_a_token_may_be_configured_while_new_keys_are_sealed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_PKCS11_MODULE", "/usr/lib/hsm.so")
    monkeypatch.setenv("IDP_PKCS11_TOKEN_LABEL", "province")
    assert load().signing_keys == "database"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o666, 0o700])
def test_a_secret_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("a-long-random-value")
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="others") as caught:
        read_secret(path)
    assert f"chmod 600 {path}" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "  \n", "changeme", "SECRET", "password"])
def test_an_empty_or_default_secret_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="empty or holds a default"):
        read_secret(path)


def test_a_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xff\xfe\x80")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_secret(path)


def test_a_missing_secret_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.key"):
        read_secret(tmp_path / "nothing.key")


@pytest.mark.parametrize(("level", "idle", "absolute"), [(2, 3600, 86400), (3, 900, 43200)])
def test_the_security_level_decides_the_limits_of_a_session(level: int, idle: int, absolute: int) -> None:
    settings = Settings(security_level=level)
    assert (settings.idle_limit_seconds, settings.absolute_limit_seconds) == (idle, absolute)


@pytest.mark.parametrize("url", [
    "nonsense", "", "postgresql", "foo://host/db", "mysql://host/db", "postgresql+asyncpg://host/db", "postgresql+psycopg://host:port/db",
    "sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///var/idp.sqlite3",
])
def test_a_database_url_that_cannot_be_used_refuses_to_start(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", url)
    assert "postgresql+psycopg://" in refused("database URL").remedy


def test_a_database_url_that_cannot_be_used_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", "postgres://idp:hunter2@db.example/idp")
    assert "hunter2" not in str(refused("database URL"))


@pytest.mark.parametrize("url", ["sqlite:///var/idp.sqlite3", "postgresql+psycopg://idp@/idp", "postgresql://idp@db.example:5433/idp"])
def test_a_database_url_that_can_be_used_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", url)
    assert load().database_url == url


def test_everything_that_is_wrong_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISUER", "x")
    monkeypatch.setenv("IDP_FOO", "x")
    monkeypatch.setenv("IDP_CODE_LIFETIME_SECONDS", "3600")
    monkeypatch.setenv("IDP_SECURITY_LEVEL", "9")
    said = [problem.message for problem in problems()]
    assert said[:2] == ["Unknown setting IDP_FOO.", "Unknown setting IDP_ISUER."]
    assert {text.partition(":")[0] for text in said[2:]} == {"Setting code_lifetime_seconds", "Setting security_level"}


def test_what_was_given_can_be_read_while_it_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text('province_name = "Tỉnh Khác"\nsecurity_level = 9\n')
    monkeypatch.setenv("IDP_SECURITY_LEVEL", "8")
    assert given() == {"issuer": "https://sso.example.vn", "province_name": "Tỉnh Khác", "security_level": "8"}
    (tmp_path / "empty.toml").write_text("issuer = \n")
    assert given() == {"issuer": "https://sso.example.vn", "security_level": "8"}


def test_every_setting_says_what_it_is() -> None:
    nameless = [name for name, field in Settings.model_fields.items() if not field.description]
    assert nameless == []


def test_every_setting_has_its_line_in_the_documentation() -> None:
    page = (Path(settings_module.__file__).parents[1] / "docs" / "operations" / "settings.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| `IDP_")]
    assert lines == listed_settings.as_table()


def test_only_this_module_reads_the_environment() -> None:
    assert settings_module.__doc__
    package = Path(settings_module.__file__).parent
    readers = [path.name for path in package.rglob("*.py") if "os.environ" in path.read_text()]
    assert readers == ["settings.py"]


@pytest.mark.parametrize(("issuer", "given", "domain"), [
    ("https://sso.haugiang.gov.vn", "", "sso.haugiang.gov.vn"), ("https://sso.haugiang.gov.vn:8443", "", "sso.haugiang.gov.vn"),
    ("https://sso.haugiang.gov.vn", "haugiang.gov.vn", "haugiang.gov.vn"),
    ("https://sso.haugiang.gov.vn", "sso.haugiang.gov.vn", "sso.haugiang.gov.vn"), ("http://localhost:8000", "", "localhost"),
    ("http://localhost:8000", "localhost", "localhost"), ("http://127.0.0.1:8000", "", ""), ("http://[::1]:8000", "", "")])
def test_passkeys_belong_to_the_issuers_host_or_a_domain_above_it(
        monkeypatch: pytest.MonkeyPatch, issuer: str, given: str, domain: str) -> None:
    monkeypatch.setenv("IDP_ENV", "development")
    monkeypatch.setenv("IDP_ISSUER", issuer)
    monkeypatch.setenv("IDP_WEBAUTHN_RP_ID", given)
    assert load().passkey_domain == domain


@pytest.mark.parametrize(("issuer", "given"), [
    ("https://sso.haugiang.gov.vn", "gov.vn.evil.example"), ("https://sso.haugiang.gov.vn", "giang.gov.vn"),
    ("https://sso.haugiang.gov.vn", "vn"), ("https://sso.haugiang.gov.vn", "mail.haugiang.gov.vn"),
    ("https://sso.haugiang.gov.vn", ".haugiang.gov.vn"), ("https://sso.haugiang.gov.vn", "https://sso.haugiang.gov.vn"),
    ("https://10.0.0.1", "10.0.0.1"), ("https://10.0.0.1", "0.1")])
def test_passkeys_belong_to_no_other_domain(monkeypatch: pytest.MonkeyPatch, issuer: str, given: str) -> None:
    monkeypatch.setenv("IDP_ISSUER", issuer)
    monkeypatch.setenv("IDP_WEBAUTHN_RP_ID", given)
    with pytest.raises(ConfigurationError, match="Passkeys"):
        load()
