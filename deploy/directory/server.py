"""A slapd of our own with the sample directory: made in a folder, run as a child in the foreground, stopped by its pid.

Debian's system slapd is neither needed nor touched. The server listens on loopback only: ``ldap://`` (StartTLS offered) and
``ldaps://``. ``python -m deploy.directory.server FOLDER`` runs it until Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import ldap

from .certificates import TlsFiles, ensure_tls_files, write_private
from .configuration import ADMIN_DN, SlapdOptions, slapd_configuration
from .generate import BASE, CHEAP, DECOY_DN, DEMO_PASSWORD, RESET_DN, SEED, SERVICE_DN, HashCost, sample_directory

START_SECONDS = 20
STOP_SECONDS = 10


class DirectoryServerError(Exception):
    """The server cannot be made or does not start; the message says what slapd said."""


class SampleDirectory:
    """One server with the sample directory.

    Args:
        folder: Everything of it stands here, mode 0700; made when missing. Changed passwords survive a restart.
        port: Of ``ldap://``.
        tls_port: Of ``ldaps://``; default the next one.
        bind_password_file: Of the service account; made with a random password (mode 0600) when missing.
            Default ``service.password`` in the folder.
        reset_password_file: Of the account that sets officers' passwords; likewise, ``reset.password``.
        seed: See ``generate``.
        cost: Price of a password check.
        tls: Other certificate files than those it makes itself.
        options: See ``configuration``.
        more: LDIF of further entries.
    """

    base_dn = BASE
    service_dn = SERVICE_DN
    decoy_dn = DECOY_DN
    reset_dn = RESET_DN
    admin_dn = ADMIN_DN
    password = DEMO_PASSWORD

    def __init__(
        self, folder: Path, port: int = 3890, *, tls_port: int | None = None, bind_password_file: Path | None = None,
        reset_password_file: Path | None = None, seed: int = SEED, cost: HashCost | None = None, tls: TlsFiles | None = None,
        options: SlapdOptions | None = None, more: str = "",
    ) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.tls_port = port + 1 if tls_port is None else tls_port
        self.bind_password_file = bind_password_file or self.folder / "service.password"
        self.reset_password_file = reset_password_file or self.folder / "reset.password"
        self.admin_password_file = self.folder / "admin.password"
        self._seed = seed
        self._cost = cost or HashCost()
        self._given_tls = tls
        self._options = options or SlapdOptions()
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it listens with StartTLS. An address, not ``localhost``: libldap takes that for the machine's own full name."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        """Where it listens with TLS from the first byte."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca_file(self) -> Path:
        """Certificate of the authority that clients have to trust; there after ``start``."""
        return self.folder / "tls" / "ca.crt" if self._given_tls is None else self._given_tls.authority

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise DirectoryServerError("the sample directory is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def bind_password(self) -> str:
        """Password of the service account."""
        return self.bind_password_file.read_text(encoding="utf-8").strip()

    @property
    def reset_password(self) -> str:
        """Password of the account that sets officers' passwords."""
        return self.reset_password_file.read_text(encoding="utf-8").strip()

    @property
    def admin_password(self) -> str:
        """Password of the directory's administrator, random per folder."""
        return self.admin_password_file.read_text(encoding="utf-8").strip()

    def start(self, timeout: float = START_SECONDS) -> SampleDirectory:
        """Make what is missing, run the server and wait until it answers.

        Raises:
            DirectoryServerError: slapd is not installed, a port is taken, or slapd refuses; the message is for people.
        """
        if self.running:
            return self
        slapd, slapadd = _program("slapd"), _program("slapadd")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        self._stop_what_was_left()
        for port in (self.port, self.tls_port):
            _require_free(port)
        tls = self._given_tls or ensure_tls_files(self.folder / "tls")
        for file in (self.bind_password_file, self.reset_password_file, self.admin_password_file):
            if not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                write_private(file, secrets.token_urlsafe(32).encode() + b"\n")
        self._configure(slapadd, tls)
        self._load(slapadd)
        self._run(slapd, timeout)
        return self

    def stop(self) -> None:
        """Stop the server by its pid and wait for its end."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()

    def __enter__(self) -> SampleDirectory:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _configure(self, slapadd: str, tls: TlsFiles) -> None:
        """Write the configuration anew at every start, so that it never lags behind the code."""
        target = self.folder / "config"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(mode=0o700)
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
        admin = CHEAP.hash(self.admin_password, secrets.token_bytes(16))
        source = self.folder / "config.ldif"
        write_private(source, slapd_configuration(self.folder, tls, self._cost, admin, self._options).encode())
        _run([slapadd, "-n0", "-F", str(target), "-l", str(source)], "the configuration")

    def _load(self, slapadd: str) -> None:
        """Load the LDIF, unless the folder already holds what it says, or copies another."""
        if self._options.replica_of is not None:
            return
        ldif = sample_directory(seed=self._seed, cost=self._cost, service_password=self.bind_password,
                                reset_password=self.reset_password) + self._more
        stamp = self.folder / "loaded"
        digest = hashlib.sha256(ldif.encode()).hexdigest()
        data = self.folder / "data"
        if (data / "data.mdb").is_file() and stamp.is_file() and stamp.read_text().strip() == digest:
            return
        stamp.unlink(missing_ok=True)
        shutil.rmtree(data)
        data.mkdir(mode=0o700)
        source = self.folder / "sample.ldif"
        write_private(source, ldif.encode())
        _run([slapadd, "-q", "-n1", "-F", str(self.folder / "config"), "-l", str(source)], "the sample directory")
        stamp.write_text(digest + "\n")

    def _run(self, slapd: str, timeout: float) -> None:
        # slapd keeps a table as long as the limit of open files, which in containers may be a million.
        command = ["sh", "-c", 'ulimit -n 4096; exec "$0" "$@"', slapd, "-F", str(self.folder / "config"),
                   "-h", f"{self.uri}/ {self.tls_uri}/", "-d", "0"]
        guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
        log_path = self.folder / "slapd.log"
        with log_path.open("wb") as log:
            self._process = subprocess.Popen([*guard, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             cwd=self.folder, start_new_session=True)
        until = time.monotonic() + timeout
        while not _answers(self.uri):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                said = log_path.read_text(errors="replace").strip()[-2000:]
                raise DirectoryServerError(f"slapd did not start on port {self.port}: {said or 'it said nothing'}")
            time.sleep(0.02)

    def _stop_what_was_left(self) -> None:
        """Stop the server of this very folder that a killed run left behind."""
        try:
            pid = int((self.folder / "slapd.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if not command[0].endswith(b"slapd") or str(self.folder / "config").encode() not in command:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            for _ in range(STOP_SECONDS * 20):
                os.kill(pid, 0)
                time.sleep(0.05)
            os.kill(pid, signal.SIGKILL)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/usr/libexec")
    if found is None:
        raise DirectoryServerError(f"{name} is not installed; on Debian: apt-get install slapd")
    return found


def _run(command: list[str], what: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode:
        raise DirectoryServerError(f"{Path(command[0]).name} refused {what}: {(result.stderr or result.stdout).strip()[-2000:]}")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            raise DirectoryServerError(f"port {port} is taken by another program; choose one with LDAP_PORT") from err


def _answers(uri: str) -> bool:
    connection = ldap.initialize(uri)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 1)
    connection.set_option(ldap.OPT_TIMEOUT, 1)
    try:
        connection.whoami_s()
    except ldap.LDAPError:
        return False
    finally:
        with contextlib.suppress(ldap.LDAPError):
            connection.unbind_s()
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run the server in the foreground until it is interrupted."""
    parser = argparse.ArgumentParser(description="Run the sample directory")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=3890)
    parser.add_argument("--bind-password-file", type=Path)
    chosen = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs are born with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with (contextlib.suppress(KeyboardInterrupt),
          SampleDirectory(chosen.folder, chosen.port, bind_password_file=chosen.bind_password_file) as server):
        print(f"{server.uri} and {server.tls_uri}, process {server.pid}; CA {server.ca_file}", flush=True)
        while server.running:
            time.sleep(0.5)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
