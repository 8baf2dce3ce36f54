"""Line 26: LDAP only over verified TLS; no fall-back; time-outs; a fixed service account with least rights (fault F-05)."""

from __future__ import annotations

import contextlib
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap
import pytest

from deploy.directory.certificates import TlsFiles, make_authority, make_server_certificate, write_private
from deploy.directory.generate import HashCost
from deploy.directory.server import SampleDirectory
from idp.adapters.ldap.directory import LdapDirectory
from idp.directory.officer import BindResult, CheckLine, Officer
from idp.errors import UnavailableError
from tests.contracts.directory import PASSWORD
from tests.directory_server import Proxy, new_directory, open_directory, serving

CHEAP = HashCost(memory=64, rounds=1)


def signs_in(directory: LdapDirectory) -> bool:
    officer = directory.find_by_login("canbo")
    return directory.check_password(officer, PASSWORD).result is BindResult.ACCEPTED


def test_line_26_a_stripped_starttls_is_refused_and_nothing_is_sent_in_the_clear(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), ca_file=own_directory.ca_file)) as directory:
        officer = directory_officer(own_directory)
        proxy.mode = "strip"
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        with pytest.raises(UnavailableError):
            directory.check_password(officer, PASSWORD)
        time.sleep(0.5)
        assert PASSWORD.encode() not in proxy.seen
        assert own_directory.bind_password.encode() not in proxy.seen
        assert b"1.3.6.1.4.1.1466.20037" in proxy.seen, "StartTLS was asked for, and nothing else"


def test_line_26_production_never_speaks_in_the_clear_even_without_a_ca_file(own_directory: SampleDirectory) -> None:
    with Proxy(own_directory.port) as proxy, contextlib.closing(
            open_directory(own_directory, uris=(proxy.uri,), development=False)) as directory:
        with pytest.raises(UnavailableError):
            directory.find_by_login("canbo")
        assert own_directory.bind_password.encode() not in proxy.seen


def directory_officer(server: SampleDirectory) -> Officer | None:
    with contextlib.closing(open_directory(server)) as directory:
        return directory.find_by_login("canbo")


@pytest.mark.parametrize("transport", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["wrong_host", "expired", "not_yet", "other_authority"])
def test_line_26_f05_a_certificate_that_is_wrong_is_refused_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, transport: str, fault: str,
) -> None:
    authority, now = make_authority(), datetime.now(UTC)
    certificate, key = {
        "wrong_host": lambda: make_server_certificate(authority, ["ldap.example", "127.0.0.2"]),
        "expired": lambda: make_server_certificate(
            authority, not_before=now - timedelta(days=2), not_after=now - timedelta(hours=1)),
        "not_yet": lambda: make_server_certificate(authority, not_before=now + timedelta(hours=1)),
        "other_authority": lambda: make_server_certificate(make_authority()),
    }[fault]()
    files = TlsFiles(tmp_path / "ca.crt", tmp_path / "server.crt", tmp_path / "server.key")
    files.authority.write_bytes(authority.pem)
    files.certificate.write_bytes(certificate)
    write_private(files.key, key)
    with new_directory(tmp_path / "d", cost=CHEAP, tls=files) as server:
        uri = server.uri if transport == "starttls" else server.tls_uri
        with contextlib.closing(open_directory(server, uris=(uri,), ca_file=files.authority)) as directory:
            began = time.monotonic()
            with caplog.at_level(logging.ERROR, "idp.directory"), pytest.raises(UnavailableError):
                directory.find_by_login("canbo")
            assert time.monotonic() - began < 10
            assert str(files.authority) in caplog.text
            line = directory.check()[0]
            assert isinstance(line, CheckLine)
            assert not line.ok
            assert line.remedy


@pytest.mark.parametrize("transport", ["starttls", "tls"])
def test_line_26_the_right_certificate_is_accepted(own_directory: SampleDirectory, transport: str) -> None:
    uri = own_directory.uri if transport == "starttls" else own_directory.tls_uri
    with contextlib.closing(open_directory(own_directory, uris=(uri,), ca_file=own_directory.ca_file)) as directory:
        assert signs_in(directory)
        assert all(line.ok for line in directory.check())


def test_line_26_an_environment_that_weakens_libldap_changes_nothing(
    own_directory: SampleDirectory, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    with contextlib.closing(open_directory(own_directory, ca_file=Path("/etc/ssl/certs/ca-certificates.crt"))) as directory, \
            pytest.raises(UnavailableError):
        directory.find_by_login("canbo")


def test_line_26_the_service_account_reads_and_does_nothing_else(directory_server: SampleDirectory) -> None:
    victim = f"uid=canbo,ou=H30.1,ou=H30,ou=units,{directory_server.base_dn}"
    with serving(directory_server) as connection:
        with pytest.raises(ldap.INSUFFICIENT_ACCESS):
            connection.modify_s(victim, [(ldap.MOD_REPLACE, "title", [b"x"])])
        with pytest.raises(ldap.INSUFFICIENT_ACCESS):
            connection.passwd_s(victim, None, "Mot-Mat-Khau-2026")
        entry = connection.search_s(victim, ldap.SCOPE_BASE)[0][1]
    assert not {"userPassword", "vnCitizenId"} & set(entry)
