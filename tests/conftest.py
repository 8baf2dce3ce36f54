"""Fixtures for all tests: both databases, migrated once per worker and copied per test."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import flask
import jinja2
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from jinja2.bccache import Bucket
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from idp.adapters import outbound
from idp.adapters.sql import schema
from idp.adapters.sql.database import Database
from idp.jose import signing_key

from .compiled import compile_once
from .directory_server import directory_server, ldap_directory, own_directory
from .domain_controller import domain_controller
from .lazy_stores import make_lazily
from .postgresql import PostgreSQL
from .receivers import make_certificate

__all__ = ["directory_server", "domain_controller", "ldap_directory", "own_directory"]

# A machine that does other things draws examples slowly now and then; that says nothing of what is tested.
settings.register_profile("suite", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


class CompiledTemplates(jinja2.BytecodeCache):
    """Templates as code, for every application that a worker makes: they are compiled once, not once a test."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code of a template from here; Jinja itself looks whether it is of the template as it is now."""
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._code[bucket.key] = bucket.bytecode_to_string()


flask.Flask.jinja_options = {**flask.Flask.jinja_options, "bytecode_cache": CompiledTemplates()}


class MadeBefore:
    """RSA keys for signing: made once by each worker and given in turn, since to make one takes longer than most tests."""

    def __init__(self, most: int) -> None:
        self._made: dict[int, rsa.RSAPrivateKey] = {}
        self._turn = itertools.cycle(range(most))

    def __call__(self) -> rsa.RSAPrivateKey:
        number = next(self._turn)
        if number not in self._made:
            self._made[number] = signing_key._rsa()
        return self._made[number]


compile_once()
make_lazily()


def making(make: Callable[[], rsa.RSAPrivateKey]) -> Any:
    """Say how RSA keys are made from here on."""
    kinds: Any = signing_key._KINDS
    return mock.patch.dict(kinds, {alg: (rsa.RSAPrivateKey, make) for alg in ("RS256", "PS256", "RSA-OAEP-256")})


@pytest.fixture(autouse=True, scope="session")
def settings_of_no_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of a ``make run`` in this checkout out of what tests build."""
    nothing = tmp_path_factory.mktemp("settings") / "nothing.toml"
    nothing.touch(mode=0o600)
    with mock.patch.dict(os.environ, IDP_CONFIG=str(nothing)):
        yield


@pytest.fixture(autouse=True, scope="session")
def one_authority_of_the_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the system trust one authority that certifies nothing: to read its hundred and more takes longer than most tests."""
    trusted, _ = make_certificate(tmp_path_factory.mktemp("authorities"), "nobody.example")
    with mock.patch.object(outbound, "_SYSTEM_CERTIFICATES", trusted):
        yield


@pytest.fixture(scope="session")
def rsa_keys() -> MadeBefore:
    """Enough for several deployments at once."""
    return MadeBefore(64)


@pytest.fixture(scope="module")
def keys_made_before(rsa_keys: MadeBefore) -> Iterator[None]:
    """Give keys in turn; for modules whose deployments make theirs when they begin and none later: none meets one twice."""
    with making(rsa_keys):
        yield


TESTS = Path(__file__).parent
WAITING = ("flows", "relying_parties", "faults", "deploy", "browser", "conformance", "security/test_fuzz",
           "security/test_line_27")
SHARING = ("flows", "relying_parties")
"""Folders whose files share servers, which take ten seconds and more to start."""


class ByServers(LoadFileScheduling):
    """A file goes to one worker whole, and so do the files that share servers: what is started for a folder is started once."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        folder = path.split("/")[1] if path.count("/") > 1 else ""
        return f"tests/{folder}" if folder in SHARING else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServers:
    """Spread what is collected over the workers."""
    return ByServers(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait for servers and browsers among the others, and end without them.

    Many of them at once would need more than the machine has; one that begins last would be waited for alone.
    """
    files = list(dict.fromkeys(item.path for item in items))
    waiting = [path for path in files if path.relative_to(TESTS).as_posix().startswith(WAITING)]
    others = [path for path in files if path not in set(waiting)]
    places = {path: number / len(waiting) for number, path in enumerate(waiting)} | {
        path: 0.15 + number / len(others) for number, path in enumerate(others)}
    items.sort(key=lambda item: places[item.path])


def pytest_collection_finish() -> None:
    """Leave what the whole run needs out of every later search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A private PostgreSQL cluster with a migrated database named ``template_idp``."""
    server = PostgreSQL().start()
    try:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE template_idp")
        schema.upgrade(server.url("template_idp"))
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        target = tmp_path / "idp.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), target)
        yield f"sqlite:///{target}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent("template_idp") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a migrated database that nobody else gets afterwards, for tests that change its schema."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), tmp_path / 'own.sqlite3')}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create("template_idp")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once on SQLite and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.dispose()
