"""A real Active Directory domain controller (Samba) with a few officers of the sample directory.

Samba's ports are fixed (389, 636), so it lives in a network namespace of its own; sockets that were bound outside are handed into
it, and a forwarder inside passes on what comes in. Provisioned once per session, in a temporary folder; ended by its pid.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap
import ldap.modlist
import pytest

from deploy.directory.certificates import ensure_tls_files
from idp.adapters.ldap.connection import ServerList
from idp.adapters.ldap.directory import LdapDirectory
from idp.adapters.ldap.domain.active_directory import ActiveDirectory
from idp.adapters.ldap.server import servers_of
from idp.clock import Clock, SystemClock

from .contracts.directory import PASSWORD
from .directory_server import QUICK

START_SECONDS = 60
DOMAIN_DN = "DC=hg,DC=test"
BASE_DN = f"OU=Tinh,{DOMAIN_DN}"
SERVICES_DN = f"OU=Dich vu,{DOMAIN_DN}"
SERVICE_DN = f"CN=idp,{SERVICES_DN}"
DECOY_DN = f"CN=decoy,{SERVICES_DN}"
ADMIN_DN = f"CN=Administrator,CN=Users,{DOMAIN_DN}"
NORMAL, DISABLED = 0x200, 0x202
FILETIME_EPOCH = 11644473600


class DomainController:
    """One domain controller.

    Args:
        folder: Empty; everything of it stands here.
    """

    base_dn, service_dn, decoy_dn = BASE_DN, SERVICE_DN, DECOY_DN

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.admin_password, self.bind_password = (f"Aa1-{secrets.token_urlsafe(18)}" for _ in range(2))
        self._clear, self._tls = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        self.clear_uri = f"ldap://127.0.0.1:{self._clear.getsockname()[1]}"
        self.uri = f"ldaps://127.0.0.1:{self._tls.getsockname()[1]}"
        self.tls = ensure_tls_files(folder / "tls")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> DomainController:
        """Provision, run and wait until it answers."""
        log = (self.folder / "controller.log").open("wb")
        fds = (self._clear.fileno(), self._tls.fileno())
        alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
        self._process = subprocess.Popen(
            [*alone, "setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "tests.domain_controller", str(self.folder),
             *map(str, fds)],
            pass_fds=fds, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=Path(__file__).parent.parent,
            env={**os.environ, "DC_ADMIN_PASSWORD": self.admin_password}, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError((self.folder / "controller.log").read_text(errors="replace")[-3000:])
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """End the whole namespace by the pid of its first process."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(20)
        self._clear.close()
        self._tls.close()

    @contextlib.contextmanager
    def administering(self) -> Iterator[Any]:
        """Lend a connection of the domain's administrator."""
        connection = self.connect(ADMIN_DN, self.admin_password)
        try:
            yield connection
        finally:
            connection.unbind_s()

    def connect(self, dn: str, password: str) -> Any:
        """Bind as somebody, over TLS."""
        connection = ldap.initialize(self.uri)
        for option, value in (
            (ldap.OPT_REFERRALS, 0), (ldap.OPT_NETWORK_TIMEOUT, 5), (ldap.OPT_TIMEOUT, 20),
            (ldap.OPT_X_TLS_CACERTFILE, str(self.tls.authority)), (ldap.OPT_X_TLS_NEWCTX, 0),
        ):
            connection.set_option(option, value)
        connection.simple_bind_s(dn, password)
        return connection

    def _answers(self) -> bool:
        try:
            self.connect(ADMIN_DN, self.admin_password).unbind_s()
        except ldap.LDAPError:
            return False
        return True


def add_account(controller: DomainController, uid: str, password: str = PASSWORD, *, parent: str = BASE_DN, control: int = NORMAL,
                must_change: bool = False, **attributes: str | list[str]) -> str:
    """Add an account as the administrator and give its DN."""
    dn = f"CN={ldap.dn.escape_dn_chars(uid)},{parent}"
    entry: dict[str, str | list[str]] = {
        "objectClass": "user", "sAMAccountName": uid, "userPrincipalName": f"{uid}@hg.test",
        "displayName": f"Nguyễn Thị {uid}", "sn": "Nguyễn", "userAccountControl": str(control)}
    lists = {name: [value] if isinstance(value, str) else value for name, value in (entry | attributes).items()}
    new = {name: [one.encode() for one in values] for name, values in lists.items() if values}
    with controller.administering() as connection:
        connection.add_s(dn, ldap.modlist.addModlist(new | {"unicodePwd": [quoted(password)]}))
        if must_change:
            connection.modify_s(dn, [(ldap.MOD_REPLACE, "pwdLastSet", [b"0"])])
    return dn


def change_account(controller: DomainController, dn: str, attribute: str, *values: str) -> None:
    """Replace an attribute as the administrator; without values it is removed."""
    with controller.administering() as connection:
        connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [value.encode() for value in values] or None)])


def add_group(controller: DomainController, name: str, *members: str, parent: str = BASE_DN) -> str:
    """Add a group and give its DN."""
    dn = f"CN={name},{parent}"
    with controller.administering() as connection:
        new = {"objectClass": [b"group"], "sAMAccountName": [name.encode()], "member": [m.encode() for m in members]}
        connection.add_s(dn, ldap.modlist.addModlist({key: value for key, value in new.items() if value}))
    return dn


def age_password(controller: DomainController, dn: str, days: int) -> None:
    """Let a password have been set some days ago, in the domain's own database: over LDAP nobody can."""
    database = next((controller.folder / "domain" / "private" / "sam.ldb.d").glob("DC=*.ldb"))
    script = ("import ldb, sys; db = ldb.Ldb(sys.argv[1]); message = ldb.Message(ldb.Dn(db, sys.argv[2]));"
              "message['p'] = ldb.MessageElement(sys.argv[3], ldb.FLAG_MOD_REPLACE, 'pwdLastSet'); db.modify(message)")
    subprocess.run(["/usr/bin/python3", "-c", script, str(database), dn, filetime(time.time() - days * 86400)], check=True)


def may_list_deleted(controller: DomainController, dn: str) -> None:
    """Let an account list and read what was deleted, as ``dsacls "CN=Deleted Objects,..." /G ACCOUNT:LCRP`` does."""
    with controller.administering() as connection:
        sid = connection.search_s(dn, ldap.SCOPE_BASE, attrlist=["objectSid"])[0][1]["objectSid"][0]
    domain = controller.folder / "domain"
    script = """
import sys, ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(sys.argv[2])
db = SamDB(url=sys.argv[1], session_info=system_session(), lp=settings)
dn = ldb.Dn(db, "CN=Deleted Objects," + str(db.domain_dn()))
found = db.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=["show_deleted:1"])
rights = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0])
sid = ndr_unpack(security.dom_sid, bytes.fromhex(sys.argv[3]))
more = security.descriptor.from_sddl("D:(A;;RPLC;;;%s)" % sid, security.dom_sid(db.get_domain_sid()))
rights.dacl_add(more.dacl.aces[0])
message = ldb.Message(dn)
message["rights"] = ldb.MessageElement(ndr_pack(rights), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
db.modify(message, controls=["show_deleted:1", "sd_flags:1:4"])
"""
    subprocess.run(["/usr/bin/python3", "-c", script, str(domain / "private" / "sam.ldb"), str(domain / "etc" / "smb.conf"),
                    sid.hex()], check=True)


def quoted(password: str) -> bytes:
    """Give a password as unicodePwd takes it."""
    return f'"{password}"'.encode("utf-16-le")


def filetime(seconds: float) -> str:
    """Give seconds since 1970 as Active Directory counts: tenths of microseconds since 1601."""
    return str(int((seconds + FILETIME_EPOCH) * 10_000_000))


def open_controller(controller: DomainController, *, uris: tuple[str, ...] = (), clear: bool = False, clock: Clock | None = None,
                    **options: Any) -> LdapDirectory:
    """Open the adapter on it, over TLS unless it is to be in the clear; close it with ``closing``."""
    servers = servers_of(uris or (controller.uri,), ca_file=None if clear else controller.tls.authority, development=True)
    dialect = ActiveDirectory(controller.base_dn, clock or SystemClock())
    return LdapDirectory(
        ServerList(servers, bind_dn=controller.service_dn, bind_password=lambda: controller.bind_password, timing=QUICK,
                   is_somebody=dialect.is_somebody),
        base_dn=controller.base_dn, decoy_dn=controller.decoy_dn, dialect=dialect, **options)


@pytest.fixture(scope="session")
def domain_controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    """The domain controller, shared by all tests: read it, or add what only your test knows of."""
    folder = tmp_path_factory.mktemp("domain")
    controller = DomainController(folder)
    try:
        controller.start()
        _populate(controller)
        yield controller
    finally:
        controller.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _populate(controller: DomainController) -> None:
    with controller.administering() as connection:
        connection.modify_s(DOMAIN_DN, [
            (ldap.MOD_REPLACE, "minPwdAge", b"0"), (ldap.MOD_REPLACE, "minPwdLength", b"8"),
            (ldap.MOD_REPLACE, "pwdHistoryLength", b"5")])
        for dn, attributes in (
            (BASE_DN, {}), (SERVICES_DN, {}),
            (f"OU=Van phong,{BASE_DN}", {"businessCategory": "H30.1", "displayName": "Văn phòng UBND tỉnh",
                                         "street": "Số 3 đường Mẫu", "l": "thành phố Vị Thanh"}),
        ):
            entry = {"objectClass": [b"organizationalUnit"], **{name: [value.encode()] for name, value in attributes.items()}}
            connection.add_s(dn, ldap.modlist.addModlist(entry))
    add_account(controller, "idp", controller.bind_password, parent=SERVICES_DN)
    add_account(controller, "decoy", f"Aa1-{secrets.token_urlsafe(18)}", parent=SERVICES_DN)
    office: dict[str, Any] = {"parent": f"OU=Van phong,{BASE_DN}", "departmentNumber": "H30.1", "title": "Chuyên viên"}
    add_account(controller, "canbo", mail="canbo@haugiang.gov.vn", displayName="Nguyễn Văn Mẫu", **office)
    add_account(controller, "vanthu", **office)
    add_account(controller, "nghiviec", control=DISABLED, **office)
    add_account(controller, "doimatkhau", must_change=True, **office)
    helper = add_account(controller, "quantri.coquan", **office | {
        "displayName": "Lê Thị Thử", "telephoneNumber": "0293 000 0001"})
    add_group(controller, "quantri-coquan", helper)


class _Inside:
    """What runs in the namespace: the controller, and a forwarder from the sockets bound outside."""

    def __init__(self, folder: Path, fds: tuple[int, int]) -> None:
        self._folder = folder
        self._listeners = {socket.socket(fileno=fd): port for fd, port in zip(fds, (389, 636), strict=True)}

    def run(self) -> None:
        """Provision, start and forward until it is ended."""
        with socket.socket() as probe:  # SIOCSIFFLAGS: the loopback interface of a new namespace is down
            fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
        folder = str(self._folder / "domain")
        subprocess.run(
            ["samba-tool", "domain", "provision", "--realm=HG.TEST", "--domain=HG", "--server-role=dc", "--dns-backend=NONE",
             "--host-name=dc1", "--host-ip=127.0.0.1", f"--targetdir={folder}",
             f"--adminpass={os.environ['DC_ADMIN_PASSWORD']}"], check=True)
        options = {"server services": "ldap", "interfaces": "127.0.0.1", "bind interfaces only": "yes",
                   "old password allowed period": "0",
                   "pid directory": folder, "ncalrpc dir": f"{folder}/ncalrpc", "log file": f"{folder}/log",
                   "tls cafile": f"{self._folder}/tls/ca.crt", "tls certfile": f"{self._folder}/tls/server.crt",
                   "tls keyfile": f"{self._folder}/tls/server.key"}
        samba = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "--", "/usr/sbin/samba", "-i", "-M", "single", "-s",
                                  f"{folder}/etc/smb.conf", *(f"--option={name}={value}" for name, value in options.items())])
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            while samba.poll() is None:
                for ready in select.select(list(self._listeners), [], [], 0.5)[0]:
                    threading.Thread(target=self._serve, args=(ready.accept()[0], self._listeners[ready]), daemon=True).start()
        finally:
            samba.terminate()
            samba.wait(10)

    def _serve(self, client: socket.socket, port: int) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        return
                    (server if ready is client else client).sendall(piece)


if __name__ == "__main__":
    _Inside(Path(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3]))).run()
