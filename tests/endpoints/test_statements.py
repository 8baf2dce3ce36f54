"""The programs' door asks the database at most once (twice where claims were asked for the ID token) and writes at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp.adapters.sql.database import Database, Read, Write
from tests.provider import House


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Count selects and writes."""
    counts = {"reads": 0, "writes": 0}

    def counting(verb: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def call(*args: Any, **parameters: Any) -> Any:
            counts[kind] += 1
            return verb(*args, **parameters)
        return call

    with monkeypatch.context() as patch:
        for name in ("one", "all"):
            patch.setattr(Read, name, counting(getattr(Read, name), "reads"))
        patch.setattr(Write, "run", counting(Write.run, "writes"))
        yield counts


@pytest.mark.parametrize("fmt", ["opaque", "jwt"])
def test_each_path_takes_at_most_one_read_and_one_write(
        database: Database, monkeypatch: pytest.MonkeyPatch, fmt: str) -> None:
    house = House(database)
    house.client(access_token_format=fmt)
    code = house.code()
    by_name = '{"userinfo":{"name":null},"id_token":{"email":null}}'
    asking = house.code(claims=by_name)
    tokens = house.tokens_for(scope="openid profile offline_access")
    access = tokens["access_token"]
    named = house.tokens_for(scope="openid", claims=by_name)["access_token"]
    paths: list[tuple[Callable[[], Any], int, int]] = [
        (lambda: house.machine(), 0, 1),
        (lambda: house.introspect(access), 1, 0),
        (lambda: house.userinfo(access), 1, 0),
        (lambda: house.userinfo(named), 1, 0),
        (lambda: house.redeem(code), 1, 1),
        (lambda: house.redeem(asking), 2, 1),  # who asks for the officer's claims in the ID token has them looked up
        (lambda: house.refresh(tokens["refresh_token"]), 1, 1),
        (lambda: house.revoke(access), 1, 1),
        (lambda: house.machine(client_id="nobody"), 0, 0),
        (lambda: house.call("GET", "/.well-known/openid-configuration"), 0, 0),
        (lambda: house.call("GET", "/jwks"), 0, 0),
    ]
    for number, (path, reads, writes) in enumerate(paths):
        with counted(monkeypatch) as counts:
            path()
        assert counts == {"reads": reads, "writes": writes}, number
