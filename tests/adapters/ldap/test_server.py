"""How each server is reached is decided by configuration alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.adapters.ldap.server import Server, servers_of
from idp.errors import ConfigurationError


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.crt"
    path.write_text("x")
    return path


def one(uri: str, ca_file: Path | None, *, development: bool) -> Server:
    return servers_of((uri,), ca_file=ca_file, development=development)[0]


@pytest.mark.parametrize("development", [True, False])
def test_security_26_ldaps_always_verifies(ca_file: Path, development: bool) -> None:
    assert one("ldaps://ldap.example", ca_file, development=development) == Server("ldaps://ldap.example", str(ca_file))
    system = one("ldaps://127.0.0.1", None, development=development)
    assert system.ca_file.startswith("/")


@pytest.mark.parametrize("uri", ["ldap://127.0.0.1:3890", "ldap://localhost", "ldap://[::1]:389", "ldap://127.9.9.9/"])
def test_security_26_clear_text_is_for_loopback_in_development_without_a_ca_file_only(ca_file: Path, uri: str) -> None:
    assert one(uri, None, development=True) == Server(uri)
    for server in (one(uri, ca_file, development=True), one(uri, None, development=False), one(uri, ca_file, development=False)):
        assert server.start_tls
        assert server.ca_file


@pytest.mark.parametrize("uri", ["ldap://ldap.example", "ldap://10.0.0.1", "ldap://127.0.0.1.example", "ldap://localhost.example:389"])
def test_security_26_other_machines_get_starttls_in_development_too(uri: str) -> None:
    server = one(uri, None, development=True)
    assert server.start_tls
    assert server.ca_file


def test_a_socket_of_this_machine_needs_no_tls() -> None:
    assert one("ldapi://%2Frun%2Fslapd%2Fldapi", None, development=False) == Server("ldapi://%2Frun%2Fslapd%2Fldapi")


def test_servers_keep_their_order(ca_file: Path) -> None:
    uris = ("ldaps://b.example", "ldap://a.example", "ldapi://%2Fx")
    assert tuple(server.uri for server in servers_of(uris, ca_file=ca_file, development=False)) == uris


def test_servers_that_take_changes_are_told_apart_where_they_are_named(ca_file: Path) -> None:
    both, copy, primary = "ldaps://a.example", "ldaps://b.example", "ldaps://c.example"
    alike = servers_of((both, copy), ca_file=ca_file, development=False)
    assert [(server.is_read, server.takes_changes) for server in alike] == [(True, True)] * 2
    told = servers_of((copy, both), write_uris=(primary, both), ca_file=ca_file, development=False)
    assert [(server.uri, server.is_read, server.takes_changes) for server in told] == [
        (copy, True, False), (both, True, True), (primary, False, True)]


@pytest.mark.parametrize("uri", [
    "http://ldap.example", "ldap.example", "ldap://", "ldaps:///", "ldap://a/dc=x", "ldap://a?x", "ldap://nobody@a", "ldap://a:x",
    "ldap://[", "ldap://a#b", ""])
def test_what_is_no_server_refuses_to_start(uri: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        servers_of((uri,), ca_file=None, development=True)
    with pytest.raises(ConfigurationError):
        servers_of(("ldap://127.0.0.1",), write_uris=(uri,), ca_file=None, development=True)
    assert "IDP_LDAP_URI" in str(failure.value)


def test_no_server_and_a_missing_ca_file_refuse_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        servers_of((), ca_file=None, development=True)
    with pytest.raises(ConfigurationError, match="IDP_LDAP_CA_FILE"):
        servers_of(("ldaps://a",), ca_file=tmp_path / "none", development=True)
