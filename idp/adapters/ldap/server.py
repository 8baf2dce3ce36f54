"""A directory server: how it is reached, how it is trusted, and what counts as an outage.

Spec: RFC 4511, RFC 4513 §3.1.3 (server identity), RFC 4516 (URIs). How a server is reached is decided by configuration and
never changes because something failed: there is no fall-back to clear text (security checklist 26).

libldap compares the certificate with the name in the URI, except ``localhost``, which it takes for the machine's own full name:
write ``127.0.0.1`` instead.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap
from ldap.filter import filter_format

from ...errors import ConfigurationError, UnavailableError

DEAD: tuple[type[Exception], ...] = (
    ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT, ldap.UNAVAILABLE, ldap.BUSY, ldap.DECODING_ERROR, ldap.LOCAL_ERROR,
    ldap.TIMELIMIT_EXCEEDED)
"""Answers, or their absence, after which the next server is tried."""
MESSAGE = "The directory does not answer. Please try again in a moment."
READ_ONLY = "password change: the server refers to another, which is not followed; name those that take changes in ldap_write_uri"
_TLS_1_2 = 0x303


@dataclass(frozen=True, slots=True)
class Server:
    """One directory server and how it is trusted.

    Attributes:
        uri: As configured.
        ca_file: Certificates that its own must chain to; empty for connections that never leave the machine.
        start_tls: TLS is started on the connection before anything else is sent.
        is_read: Sign-ins are tried there.
        takes_changes: It is no mere copy of another.
    """

    uri: str
    ca_file: str = ""
    start_tls: bool = False
    is_read: bool = True
    takes_changes: bool = True


def servers_of(uris: Sequence[str], *, write_uris: Sequence[str] = (), ca_file: Path | None,
               development: bool) -> tuple[Server, ...]:
    """Decide from the configuration how each server is reached.

    Args:
        uris: ``ldaps://host[:port]`` (TLS), ``ldap://host[:port]`` (StartTLS; in the clear only to loopback, in development,
            without a CA file) or ``ldapi://path`` (a socket of this machine), in order of preference.
        write_uris: Those that take changes, among them or besides, in order of preference; empty = all.
        ca_file: Certificates to trust; None means those that the system trusts.
        development: Whether this is a developer's machine.

    Raises:
        ConfigurationError: an address that is none of these, or a CA file that cannot be read.
    """
    if not uris:
        raise ConfigurationError("No directory server is configured.", remedy="Set IDP_LDAP_URI.")
    if ca_file is not None and not ca_file.is_file():
        raise ConfigurationError(f"The file of CA certificates {ca_file} does not exist.", remedy="Correct IDP_LDAP_CA_FILE.")
    trusted = str(ca_file or ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    servers = []
    for uri in dict.fromkeys((*uris, *write_uris)):
        try:
            parts = urlsplit(uri)
            usable = parts.path in {"", "/"} and not parts.query and not parts.fragment and parts.username is None
            host, _ = parts.hostname, parts.port
        except ValueError:
            usable, host = False, None
        if usable and parts.scheme == "ldapi":
            servers.append(Server(uri))
        elif usable and host and parts.scheme == "ldaps":
            servers.append(Server(uri, trusted))
        elif usable and host and parts.scheme == "ldap":
            clear = development and ca_file is None and _is_loopback(host)
            servers.append(Server(uri) if clear else Server(uri, trusted, start_tls=True))
        else:
            raise ConfigurationError(
                f"{uri!r} is not the address of a directory server.",
                remedy="Set IDP_LDAP_URI to ldaps://host, ldap://host or ldapi://%2Fpath, separated by spaces.")
    return tuple(replace(server, is_read=server.uri in uris, takes_changes=not write_uris or server.uri in write_uris)
                 for server in servers)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds.

    Attributes:
        connect: Connecting and TLS, and one lookup: an indexed read that takes longer means that the server is ill.
        operation: A bind (the server hashes), a change, a page of a listing.
        budget: All servers together, for one lookup or for reaching a server.
        retry: Between two probes of a server that is left out.
        check_after: A kept connection that lay still for so long is asked whether it lives before it is used.
        max_age: A kept connection is closed at this age.
    """

    connect: float = 2.0
    operation: float = 5.0
    retry: float = 2.0
    check_after: float = 30.0
    max_age: float = 300.0

    @property
    def budget(self) -> float:
        """Leaves the second server a third of the time of the first, which is plenty for one that is well."""
        return self.connect * 1.35


def unavailable(debug: str) -> UnavailableError:
    """Make the error that people see; ``debug`` is for the log."""
    return UnavailableError(MESSAGE, dependency="directory", retry_after_seconds=5, debug=debug)


def describe(err: Exception) -> str:
    """Say what python-ldap's exception is about; with GnuTLS the details are often empty."""
    details = err.args[0] if err.args and isinstance(err.args[0], dict) else {}
    words = [str(details[key]) for key in ("desc", "info") if details.get(key)]
    return f"{type(err).__name__}: {', '.join(words) or err}"[:300]


def hint_for(server: Server) -> str:
    """Say what to look at when TLS may be the reason, because GnuTLS does not."""
    if not server.ca_file:
        return ""
    return f" (with TLS, trusting {server.ca_file}: expired, another name or authority, localhost instead of 127.0.0.1?)"


def escaped(template: str, *values: str) -> str:
    """Put values into a filter, escaped (RFC 4515 §3)."""
    return str(filter_format(template, list(values)))


def close(connection: Any) -> None:
    """Unbind, whatever state the connection is in."""
    with contextlib.suppress(ldap.LDAPError):
        connection.unbind_ext_s()


def prepared(server: Server, seconds: float, kind: type[Any] | None = None) -> Any:
    """Make a connection object with all its options; nothing is sent yet.

    Args:
        server: Which one.
        seconds: Time-out of connecting, of TLS and of calls without one of their own.
        kind: Another class of connections than the ordinary one.
    """
    connection = ldap.initialize(server.uri) if kind is None else kind(server.uri)
    for option, value in (
        (ldap.OPT_PROTOCOL_VERSION, 3), (ldap.OPT_REFERRALS, 0), (ldap.OPT_NETWORK_TIMEOUT, seconds), (ldap.OPT_TIMEOUT, seconds),
        (ldap.OPT_X_KEEPALIVE_IDLE, 30), (ldap.OPT_X_KEEPALIVE_INTERVAL, 5), (ldap.OPT_X_KEEPALIVE_PROBES, 3),
    ):
        connection.set_option(option, value)
    if server.ca_file:
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, server.ca_file)
        connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
        connection.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, _TLS_1_2)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        # Without this, libldap 2.5 waits for ever for a server that falls silent within the TLS handshake.
        connection.set_option(ldap.OPT_CONNECT_ASYNC, 1)
    return connection


def secure(connection: Any, server: Server) -> None:
    """Start TLS where the configuration says so; whatever goes wrong makes the server useless, never the connection clear."""
    if not server.start_tls:
        return
    try:
        connection.start_tls_s()
    except DEAD:
        raise
    except ldap.LDAPError as err:
        raise ldap.CONNECT_ERROR({"desc": f"StartTLS failed ({describe(err)})"}) from err
