"""An officer is disabled, or removed, in the directory alone: within five seconds everything they were given is refused.

A real slapd, the provider and its worker as processes of their own on PostgreSQL, applications and a browser over HTTP. Nothing
tells the provider but the directory. Each row of ``given.rows`` is one path, asked every 100 ms from the moment the directory is
told; that each of them was served just before is demanded first. The times are printed (``pytest -s``).
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
import requests

from deploy.directory.generate import CHEAP
from deploy.sample_province import TOTP_SEEDS
from idp.app import create_app
from tests.allowance import allowed
from tests.directory_server import administering, change_entry, new_directory
from tests.fakes.client_keys import jwks_of
from tests.faults.product import Product
from tests.followed import until
from tests.postgresql import PostgreSQL
from tests.receivers import Receivers

from .application import claims_of
from .given import (
    HRM,
    HRM_KEY,
    SERVED,
    SIGN_IN,
    Browser,
    Place,
    Row,
    Stock,
    administration,
    asked_alone,
    clients,
    rows,
    tokens,
    userinfo,
)

SECONDS = 5.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("five-seconds")
    issuers = folder / "issuers.json"
    issuers.write_text(json.dumps({HRM: {"jwks": json.loads(jwks_of(HRM_KEY)), "clients": ["lgsp"], "scope": "openid profile"}}))
    receivers = Receivers()
    with contextlib.ExitStack() as stack:
        stack.callback(receivers.stop)
        directory = stack.enter_context(new_directory(folder / "directory", cost=CHEAP))
        (folder / "product").mkdir()
        product = Product(folder / "product", directory, [directory.uri], postgresql.create("template_idp"),
                          clients=clients(receivers), assertion_issuers_file=str(issuers))
        stack.enter_context(product.worker())
        stack.enter_context(product)
        until(lambda: followed(product), 30)
        import_seeds(product)
        yield Place(product, directory, receivers)


def followed(product: Product) -> bool:
    """Tell whether the worker has read the directory and listens."""
    return bool(requests.get(f"{product.base}/readyz", timeout=5).json()["status"] == "ready")


def import_seeds(product: Product) -> None:
    """Give the administrator a second factor."""
    file = product.folder / "seeds.json"
    file.write_text(json.dumps({"quantri": TOTP_SEEDS["quantri"]}))
    file.chmod(0o600)
    with patch.dict(os.environ, product.environment(), clear=True):
        done = create_app(serve=False).test_cli_runner().invoke(args=["totp", "import", "--file", str(file)])
    assert done.exit_code == 0, done.output


def measure(what: str, asked: list[Row], act: Callable[[], None]) -> tuple[float, float]:
    """Do something in the directory and wait until every path is refused; gives when it was done, and seconds to the last."""
    assert {row.path: row.ask() for row in asked} == {row.path: SERVED for row in asked}
    for row in asked:
        if isinstance(row.ask, Stock):
            row.ask.due, row.ask.pause = 0.0, 0.1
    began = time.monotonic()
    act()
    took: dict[str, float] = {}
    said: dict[str, str] = {}
    while len(took) < len(asked) and time.monotonic() - began < 12 * SECONDS:
        round_began = time.monotonic()
        for row in asked:
            if row.path not in took and (not row.anew or all(other.path in took for other in asked if not other.anew)):
                said[row.path] = row.ask()
                if said[row.path] == row.refusal:
                    took[row.path] = time.monotonic() - began
        time.sleep(max(0.0, 0.1 - (time.monotonic() - round_began)))
    for path, seconds in took.items():
        print(f"{what}: {seconds:5.2f} s  {said[path]:<22} {path}")
    assert said == {row.path: row.refusal for row in asked}
    assert max(took.values()) < allowed(SECONDS)
    assert {row.path: row.ask() for row in asked} == said, "refused once, and served again"
    return began, max(took.values())


def told_of(place: Place, sub: str, began: float) -> float:
    """Wait until both applications have a logout token of this officer; gives the seconds to the later."""
    def later() -> float:
        with place.receivers.lock:
            heard = {path: at - began for path, form, _, at in place.receivers.received
                     if at > began and claims_of(form["logout_token"][0])["sub"] == sub}
        return max(heard.values()) if set(heard) == {"/status-200/qlvb", "/status-200/thongke"} else 0.0

    until(later, 12 * SECONDS)
    assert later() < allowed(SECONDS)
    return later()


# The two ways to go


def test_whoever_is_disabled_is_refused_everywhere_and_what_they_had_stays_dead_when_they_return(place: Place) -> None:
    asked, sub = rows(place, "canbo")
    asked += [*administration(place, "quantri"), asked_alone(place, "pheduyet")]
    gone = [place.dn(uid) for uid in ("canbo", "quantri", "pheduyet")]

    def disable() -> None:
        for dn in gone:
            change_entry(place.directory, dn, "pwdAccountLockedTime", "000001010000Z")

    began, last = measure("disabled", asked, disable)
    print(f"disabled: last refusal after {last:.2f} s, logout tokens after {told_of(place, sub, began):.2f} s")

    for dn in gone:
        change_entry(place.directory, dn, "pwdAccountLockedTime")
    back = Browser(place)
    until(lambda: back.sign_in("canbo") and back.is_signed_in() == SERVED)
    assert userinfo(place, tokens(place, back, "qlvb", "openid profile")["access_token"]) == SERVED
    given = {row.path: row for row in asked if not row.anew}
    assert {path: row.ask() for path, row in given.items()} == {path: row.refusal for path, row in given.items()}

    administrator = Browser(place)
    until(lambda: "Lớp thứ hai của bạn đang tạm khóa" in administrator.sign_in("quantri").text)
    assert administrator.is_signed_in() == SIGN_IN


def test_whoever_is_removed_is_refused_everywhere(place: Place) -> None:
    asked, sub = rows(place, "vanthu")
    dn = place.dn("vanthu")

    def remove() -> None:
        with administering(place.directory) as connection:
            connection.delete_s(dn)

    began, last = measure("removed", asked, remove)
    print(f"removed: last refusal after {last:.2f} s, logout tokens after {told_of(place, sub, began):.2f} s")
