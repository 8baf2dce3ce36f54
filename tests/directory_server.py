"""A real slapd with the sample directory, and proxies that misbehave in front of it."""

from __future__ import annotations

import contextlib
import secrets
import select
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap
import ldap.modlist
import pytest

from deploy.directory.certificates import TlsFiles
from deploy.directory.configuration import SlapdOptions
from deploy.directory.generate import SEED, HashCost
from deploy.directory.server import SampleDirectory
from deploy.ports import free_port
from idp.adapters.ldap.changes import without_mailboxes
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.openldap import OpenLdap
from idp.adapters.ldap.server import Timing, servers_of

QUICK = Timing(connect=1.0, operation=3.0, retry=0.2)
"""Time-outs that keep tests short; relations as in the defaults."""


def new_directory(
    folder: Path, *, cost: HashCost | None = None, tls: TlsFiles | None = None, options: SlapdOptions | None = None,
    bind_password_file: Path | None = None, reset_password_file: Path | None = None, seed: int = SEED,
) -> SampleDirectory:
    """Give a sample directory on free ports, not started. With the password file of another one it is like its replica."""
    return SampleDirectory(folder, free_port(), tls_port=free_port(), cost=cost, tls=tls, options=options,
                           bind_password_file=bind_password_file, reset_password_file=reset_password_file, seed=seed)


def open_directory(
    *servers: SampleDirectory, uris: tuple[str, ...] = (), ca_file: Path | None = None, timing: Timing = QUICK,
    pool_size: int = 4, development: bool = True, write_uris: tuple[str, ...] = (), **options: Any,
) -> LdapDirectory:
    """Open the adapter on these servers, in the clear unless there is a CA file; close it with ``closing``."""
    first, dialect = servers[0], OpenLdap(servers[0].base_dn)
    known = servers_of(uris or tuple(server.uri for server in servers), write_uris=write_uris, ca_file=ca_file,
                       development=development)
    return LdapDirectory(
        ServerList(known, bind_dn=first.service_dn, bind_password=lambda: first.bind_password, timing=timing, pool_size=pool_size,
                   is_somebody=dialect.is_somebody),
        base_dn=first.base_dn, dialect=dialect, decoy_dn=first.decoy_dn,
        **{"people_filter": without_mailboxes(dialect.people_filter, "(employeeType=mailbox)"), **options})


@contextlib.contextmanager
def administering(server: SampleDirectory) -> Iterator[Any]:
    """Lend a connection of the directory's own administrator."""
    connection = ldap.initialize(server.uri)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 3)
    connection.simple_bind_s(server.admin_dn, server.admin_password)
    try:
        yield connection
    finally:
        connection.unbind_s()


@contextlib.contextmanager
def serving(server: SampleDirectory) -> Iterator[Any]:
    """Lend a connection of the service account."""
    connection = ldap.initialize(server.uri)
    connection.simple_bind_s(server.service_dn, server.bind_password)
    try:
        yield connection
    finally:
        connection.unbind_s()


def add_entry(server: SampleDirectory, dn: str, attributes: dict[str, str | list[str]]) -> str:
    """Add an entry as the administrator (a password is hashed by the server) and give its DN."""
    with administering(server) as connection:
        lists = {name: [value] if isinstance(value, str) else value for name, value in attributes.items()}
        connection.add_s(dn, ldap.modlist.addModlist({name: [one.encode() for one in values] for name, values in lists.items()}))
    return dn


def add_officer(
    server: SampleDirectory, uid: str, password: str = SampleDirectory.password, **attributes: str | list[str],
) -> str:
    """Add an officer to the Văn phòng UBND tỉnh and give the DN."""
    dn = f"uid={ldap.dn.escape_dn_chars(uid)},ou=H30.1,ou=H30,ou=units,{server.base_dn}"
    entry: dict[str, str | list[str]] = {
        "objectClass": ["inetOrgPerson", "vnOfficer"], "uid": uid, "cn": f"Nguyễn Thị {uid}", "sn": "Nguyễn",
        "vnPost": "1$H30.1$Chuyên viên", "userPassword": password}
    return add_entry(server, dn, entry | attributes)


def add_policy(server: SampleDirectory, **rules: str) -> str:
    """Add a password policy and give its DN; officers follow it by ``pwdPolicySubentry``."""
    name = unique("policy")
    return add_entry(server, f"cn={name},ou=policies,{server.base_dn}", {
        "objectClass": ["applicationProcess", "pwdPolicy"], "cn": name, "pwdAttribute": "userPassword", "pwdLockout": "TRUE",
        "pwdAllowUserChange": "TRUE", "pwdSafeModify": "TRUE", "pwdCheckQuality": "2", **rules})


def unique(stem: str) -> str:
    """Give a name that no other test uses."""
    return f"{stem}{secrets.token_hex(4)}"


def change_entry(server: SampleDirectory, dn: str, attribute: str, *values: str) -> None:
    """Replace an attribute as the administrator; without values it is removed. Policy state may be changed too."""
    with administering(server) as connection:
        relax = ldap.controls.simple.RelaxRulesControl(criticality=True)
        new = [value.encode() for value in values] or None
        connection.modify_ext_s(dn, [(ldap.MOD_REPLACE, attribute, new)], serverctrls=[relax])


class Proxy:
    """A TCP proxy on loopback whose behaviour is changed while it runs.

    Attributes:
        mode: ``pass``; ``silent`` (accepts, and lets nothing through); ``closed`` (hangs up at once);
            ``strip`` (answers the first message, a StartTLS request, with "protocol error", then passes on in the clear);
            ``garbage`` (answers every piece with bytes that mean nothing).
        target_port: Of the server, for connections from then on.
        delay: Seconds that every piece of an answer is held back.
        seen: What clients sent.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.mode = "pass"
        self.delay = 0.0
        self.seen = bytearray()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open = True
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def uri(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        return f"ldaps://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._open = False
        self._thread.join(5)
        self._listener.close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while self._open:
            if select.select([self._listener], [], [], 0.05)[0]:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.mode == "closed":
                return
            if self.mode == "strip":
                request = client.recv(65536)
                self.seen += request
                # LDAPMessage { messageID as asked, ExtendedResponse { protocolError, "", "" } } (RFC 4511 §4.14.2)
                body = request[2:5] + bytes([0x78, 7, 0x0A, 1, 2, 4, 0, 4, 0])
                client.sendall(bytes([0x30, len(body)]) + body)
            with socket.create_connection(("127.0.0.1", self.target_port)) as server:
                self._pump(client, server)

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        while self._open:
            for ready in select.select([client, server], [], [], 0.05)[0]:
                if self.mode == "closed":
                    return
                piece = ready.recv(65536)
                if not piece:
                    return
                if ready is client:
                    self.seen += piece
                    if self.mode == "garbage":
                        client.sendall(secrets.token_bytes(512))
                        continue
                while self.mode == "silent" and self._open:
                    time.sleep(0.01)
                if self.delay and ready is server:
                    time.sleep(self.delay)
                (server if ready is client else client).sendall(piece)


@pytest.fixture(scope="session")
def directory_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleDirectory]:
    """The sample directory on a real slapd, shared by all tests: read it, or add what only your test knows of."""
    with new_directory(tmp_path_factory.mktemp("directory")) as server:
        yield server


@pytest.fixture
def own_directory(tmp_path: Path) -> Iterator[SampleDirectory]:
    """A sample directory of the test's own, cheap to bind to, that it may change and stop."""
    with new_directory(tmp_path / "directory", cost=HashCost(memory=64, rounds=1)) as server:
        yield server
    shutil.rmtree(tmp_path / "directory", ignore_errors=True)


@pytest.fixture
def ldap_directory(directory_server: SampleDirectory) -> Iterator[LdapDirectory]:
    """The adapter on the shared server, over StartTLS."""
    with contextlib.closing(open_directory(directory_server, ca_file=directory_server.ca_file)) as directory:
        yield directory
