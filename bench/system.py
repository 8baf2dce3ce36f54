"""The product under load: PostgreSQL or SQLite and granian on core 0, with officers, applications and live tokens."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from deploy.ports import free_port
from tests.postgresql import PostgreSQL

CLIENT = """client_id = "{name}"
client_name = "Ứng dụng {name}"
{returns}grant_types = {grants}
token_endpoint_auth_method = "client_secret_basic"
scope = "openid profile email unit offline_access"
{members}
[province]
owner = "Văn phòng UBND tỉnh"
consent = "implied"
access_token_format = "{format}"
{more}"""

WAITS = """backchannel_token_delivery_mode = "poll"
"""
DEVICE, CIBA, EXCHANGE = (f"urn:{name}" for name in (
    "ietf:params:oauth:grant-type:device_code", "openid:params:grant-type:ciba",
    "ietf:params:oauth:grant-type:token-exchange"))
OWN = {
    "load-waits": {"grants": ("authorization_code", "refresh_token", DEVICE, CIBA), "members": WAITS},
    "load-acts": {"grants": ("client_credentials", EXCHANGE), "more": 'exchange_from = ["load"]\n'},
}
"""Applications that differ from all others: those that wait for an officer's answer, and one that exchanges tokens."""

ASKED = 2500
"""Officers who are asked by name, a few times each: no application may ask one more often before they answered."""

POST = {"unit_code": "H30.1", "unit_code_2016": "000.00.01.H30", "unit_name": "Văn phòng UBND tỉnh", "title": "Chuyên viên"}


class System:
    """One running provider.

    Args:
        folder: Empty folder for keys, clients, database and logs.
        backend: ``postgresql`` or ``sqlite``.
        root: Checkout whose code runs.
        workers: granian workers.
    """

    def __init__(self, folder: Path, backend: str, root: Path, *, workers: int = 1) -> None:
        self.folder, self.backend, self.root, self.workers = folder, backend, root, workers
        self.port = free_port()
        self.postgresql: PostgreSQL | None = None
        self.server: subprocess.Popen[bytes] | None = None
        self.access_tokens: list[str] = []
        self.refresh_tokens: list[str] = []
        self._initial_access_token = ""
        self._asked: list[str] = []

    def __enter__(self) -> System:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until discovery answers."""
        url = f"sqlite:///{self.folder}/idp.sqlite3"
        if self.backend == "postgresql":
            self.postgresql = PostgreSQL(durable=True).start()
            url = self.postgresql.create()
        for number in range(500):
            name = {0: "load", 1: "load-jwt", 2: "load-waits", 3: "load-acts"}.get(number, f"app{number:03}")
            (self.folder / "clients" / name).mkdir(parents=True)
            (self.folder / "clients" / name / "client.toml").write_text(_registration(name))
        (self.folder / "nothing.toml").write_text("")
        self.environment = {
            **os.environ,
            "IDP_CONFIG": str(self.folder / "nothing.toml"),
            "IDP_ENV": "development",
            "IDP_ISSUER": f"http://localhost:{self.port}",
            "IDP_DATABASE_URL": url,
            "IDP_KEYS_DIR": str(self.folder / "keys"),
            "IDP_CLIENTS_DIR": str(self.folder / "clients"),
            "IDP_LDAP_BIND_PASSWORD_FILE": str(self.folder / "keys" / "ldap-bind.password"),
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
        }
        (self.folder / "metrics").mkdir()
        self._flask("keys", "init")
        password = self.folder / "keys" / "ldap-bind.password"
        password.write_text(secrets.token_urlsafe(16))
        password.chmod(0o600)
        self._flask("db", "upgrade")
        log = (self.folder / "server.log").open("wb")
        self.server = subprocess.Popen(
            ["taskset", "-c", "0", str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1",
             "--port", str(self.port), "--workers", str(self.workers), "--blocking-threads", "4", "--no-access-log", "wsgi:app"],
            cwd=self.root, env=self.environment, stdout=log, stderr=log)
        self._wait()
        self._seed(url)
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # PostgreSQL's helpers come and go
                process.cpu_affinity([0])

    def _flask(self, *arguments: str) -> str:
        return subprocess.run(
            [str(Path(sys.executable).parent / "flask"), "--app", "wsgi", *arguments], cwd=self.root, env=self.environment,
            check=True, capture_output=True, text=True).stdout

    def _wait(self) -> None:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.base}/.well-known/openid-configuration", timeout=2).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text()[-3000:])

    @property
    def base(self) -> str:
        """Address of the provider."""
        return f"http://127.0.0.1:{self.port}"

    def secret(self, client_id: str) -> str:
        """Give the secret that was made for an application."""
        return (self.folder / "keys" / "clients" / f"{client_id}.secret").read_text().strip()

    def initial_access_token(self) -> str:
        """Give a token with which applications register themselves; made once."""
        if not self._initial_access_token:
            said = self._flask("clients", "initial-access-token", "create", "--owner", "Văn phòng UBND tỉnh", "--quota", "10000",
                               "--json")
            self._initial_access_token = str(json.loads(said)["initial_access_token"])
        return self._initial_access_token

    def asked_officers(self) -> list[str]:
        """Give the names of officers who may be asked; entered once."""
        if not self._asked:
            from sqlalchemy import create_engine, insert

            from idp.adapters.sql.tables import OfficerRow

            self._asked = [f"hoi{n}" for n in range(ASKED)]
            engine = create_engine(self.environment["IDP_DATABASE_URL"])
            with engine.begin() as connection:
                connection.execute(insert(OfficerRow.__table__), [_officer(n, "hoi", int(time.time())) for n in range(ASKED)])
            engine.dispose()
        return self._asked

    def _seed(self, url: str) -> None:
        from sqlalchemy import create_engine, insert

        from idp.adapters.sql.tables import AccessTokenRow, GrantRow, OfficerRow, RefreshTokenRow, SessionRow

        engine, now = create_engine(url), int(time.time())

        def put(row: type, **values: object) -> None:
            """Enter a row; columns that are not named are left to the database, so that an older schema takes it too."""
            with engine.begin() as connection:
                connection.execute(insert(row.__table__).values(values))  # type: ignore[attr-defined]

        scope = "openid profile email unit offline_access"
        for n in range(40):
            put(OfficerRow, **_officer(n, "canbo", now))
            put(SessionRow,
                sid=f"sid{n}", cookie_digest=hashlib.sha256(b"%d" % n).digest(), sub=f"sub{n}", auth_time=now, acr=1, amr="pwd",
                created_at=now, last_seen_at=now, expires_at=now + 80000, ended_at=None, end_reason="", source="127.0.0.1",
                user_agent="bench")
            put(GrantRow,
                grant_id=f"grant{n}", client_id="load", sub=f"sub{n}", sid=f"sid{n}", scope=scope, offline=True, auth_time=now,
                acr=1, amr="pwd", nonce="", created_at=now, expires_at=now + 80000, revoked_at=None, revoke_reason="")
            opaque, rotating = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            put(AccessTokenRow,
                digest=hashlib.sha256(opaque.encode()).digest(), grant_id=f"grant{n}", client_id="load", scope=scope, audience="",
                issued_at=now, expires_at=now + 80000, revoked_at=None)
            put(RefreshTokenRow,
                digest=hashlib.sha256(rotating.encode()).digest(), grant_id=f"grant{n}", client_id="load", scope=scope,
                created_at=now, expires_at=now + 80000, used_at=None, successor=None)
            self.access_tokens.append(opaque)
            self.refresh_tokens.append(rotating)
        engine.dispose()

    def _processes(self) -> Sequence[psutil.Process]:
        roots = [psutil.Process(self.server.pid)]
        if self.postgresql is not None:
            roots.append(psutil.Process(self.postgresql.pid))
        return [process for root in roots for process in (root, *root.children(recursive=True))]

    def cpu_seconds(self) -> float:
        """Give the processor time that the server's tree and PostgreSQL have used so far, in seconds."""
        total = 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def memory_mebibytes(self) -> float:
        """Give the proportional set size of the server's process tree."""
        root = psutil.Process(self.server.pid)
        return sum(p.memory_full_info().pss for p in (root, *root.children(recursive=True))) / 2**20

    def stop(self) -> None:
        """Stop what was started, by pid."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(20)
        if self.postgresql is not None:
            self.postgresql.remove()


def _registration(name: str) -> str:
    """Give the registration file of an application."""
    own: dict[str, Any] = OWN.get(name, {})
    grants = own.get("grants", ("authorization_code", "refresh_token", "client_credentials"))
    returns = f'redirect_uris = ["https://{name}.example/cb"]\n' if "authorization_code" in grants else ""
    return CLIENT.format(name=name, format="jwt" if name == "load-jwt" else "opaque", returns=returns, grants=json.dumps(grants),
                         members=own.get("members", ""), more=own.get("more", ""))


def _officer(n: int, name: str, now: int) -> dict[str, Any]:
    """Give the row of an officer whom the provider has seen before."""
    kind = 4000 if name == "canbo" else 5000
    return {
        "entry_uuid": f"00000000-0000-{kind}-8000-{n:012}", "sub": f"sub{n}" if name == "canbo" else f"{name}-sub{n}",
        "uid": f"{name}{n}", "dn": f"uid={name}{n},ou=people", "mail": f"{name}{n}@haugiang.gov.vn",
        "name": f"Nguyễn Văn Mẫu {n}", "given_name": "Mẫu", "family_name": "Nguyễn Văn", "phone": "",
        "unit_code": POST["unit_code"], "unit_code_2016": POST["unit_code_2016"], "unit_name": POST["unit_name"],
        "title": POST["title"], "posts": json.dumps([POST], ensure_ascii=False), "groups": '["can-bo","van-phong"]',
        "attributes": json.dumps({"uid": f"{name}{n}", "mail": f"{name}{n}@haugiang.gov.vn"}), "search_key": f"{name}{n}",
        "status": "active", "first_sign_in_at": now, "last_sign_in_at": now, "updated_at": now}
