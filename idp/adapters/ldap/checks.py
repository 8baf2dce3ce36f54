"""What an operator is told about the directory: each server by itself, whatever the provider has found out about it."""

from __future__ import annotations

import secrets
from typing import Any

import ldap

from ...directory.officer import BindResult, CheckLine
from ...errors import UnavailableError
from .connection import ServerList
from .dialect import Dialect
from .server import Server, describe, hint_for


def check_lines(servers: ServerList, dialect: Dialect, *, base_dn: str, decoy_dn: str) -> tuple[CheckLine, ...]:
    """Look at every server: connection, service account, needed controls, base and decoy."""
    lines: list[CheckLine] = []
    reached = False
    for server, found in servers.try_each(lambda connection: _look(connection, base_dn, decoy_dn)):
        name = f"server {server.uri}"
        if isinstance(found, Exception):
            lines.append(CheckLine(name, False, f"{_said(found)}{hint_for(server)}",
                                   "Check address, certificate, service account and password file, and that the server runs."))
            continue
        reached = True
        controls, base, decoy = found
        lines.append(CheckLine(name, True, f"answers, {_protection(server)}; the service account may read"))
        missing = [word for oid, word in dialect.needs.controls.items() if oid not in controls]
        lines.append(CheckLine(f"{name}: controls", not missing, "missing: " + ", ".join(missing) if missing else "all there",
                               dialect.needs.controls_remedy if missing else ""))
        lines.append(CheckLine(f"{name}: base", base, base_dn, "" if base else "Correct IDP_LDAP_BASE_DN."))
        lines.append(_decoy_line(name, decoy_dn, decoy))
    if reached:
        lines.append(_decoy_bind(servers, dialect, decoy_dn))
    return tuple(lines)


def _look(connection: Any, base_dn: str, decoy_dn: str) -> tuple[frozenset[str], bool, bool]:
    root = connection.read_rootdse_s(attrlist=["supportedControl"])
    controls = frozenset(value.decode("ascii", "replace") for value in root.get("supportedControl", ()))
    return controls, _exists(connection, base_dn), _exists(connection, decoy_dn)


def _exists(connection: Any, dn: str) -> bool:
    try:
        return bool(connection.search_ext_s(dn, ldap.SCOPE_BASE, attrlist=["1.1"], timeout=5))
    except (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
        return False


def _decoy_line(name: str, decoy_dn: str, there: bool) -> CheckLine:
    said = decoy_dn if there else f"{decoy_dn} does not exist, so unknown names are told by time"
    return CheckLine(f"{name}: decoy", there, said,
                     "" if there else "Add the entry with a password hash like everybody's, or correct IDP_LDAP_DECOY_DN.")


def _decoy_bind(servers: ServerList, dialect: Dialect, decoy_dn: str) -> CheckLine:
    try:
        answer = servers.fresh(lambda connection, seconds: dialect.bind(
            connection, decoy_dn, secrets.token_urlsafe(24), seconds))
    except (UnavailableError, ldap.LDAPError) as err:
        return CheckLine("decoy", False, _said(err), "Read the line of the first server.")
    if answer.outcome.result is BindResult.WRONG and answer.hashed:
        return CheckLine("decoy", True, "refuses a bind, after hashing")
    return CheckLine("decoy", False, f"answers {answer.outcome.result.value} without hashing",
                     dialect.needs.decoy_remedy)


def _protection(server: Server) -> str:
    if server.start_tls:
        return f"StartTLS, trusting {server.ca_file}"
    return f"TLS, trusting {server.ca_file}" if server.ca_file else "not encrypted (this machine only)"


def _said(err: Exception) -> str:
    return err.debug if isinstance(err, UnavailableError) else describe(err)
