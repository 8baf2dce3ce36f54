"""Deployments are started once for all flows of one test process, and each has a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.outside import closed_afterwards

from .deployments import Deployment, one_process, two_processes_behind_nginx
from .person import Person, person_at

Place = tuple[Deployment, Person]


@pytest.fixture(scope="module", autouse=True)
def _closed_afterwards() -> Iterator[None]:
    """Every server of a module ends with it, whoever started it."""
    with closed_afterwards():
        yield


@pytest.fixture(scope="package")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """SQLite, one process, and a browser."""
    with one_process(tmp_path_factory.mktemp("small")) as deployment, person_at(_profile(tmp_path_factory)) as person:
        yield deployment, person


@pytest.fixture(scope="package")
def large(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Place]:
    """PostgreSQL, two processes behind nginx with TLS, and a browser that trusts exactly its certificate."""
    started = two_processes_behind_nginx(tmp_path_factory.mktemp("large"), request.getfixturevalue("postgresql"))
    with started as deployment, person_at(_profile(tmp_path_factory), *deployment.browser_flags) as person:
        yield deployment, person


@pytest.fixture(params=["sqlite-one-process", "postgresql-two-processes-nginx-tls"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each of the two, with a fresh browser."""
    deployment, person = request.getfixturevalue("small" if request.param.startswith("sqlite") else "large")
    person.begin_anew()
    return deployment, person


@pytest.fixture
def here(small: Place) -> Place:
    """The small one, with a fresh browser."""
    deployment, person = small
    person.begin_anew()
    return deployment, person


def _profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chromium")
