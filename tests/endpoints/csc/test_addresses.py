"""Where remote signing stands, when it is on, and that its OAuth addresses are ours under that standard's names."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy import sample_sims
from deploy.mobile_signature import authority
from idp.app.signatures import signs_in
from idp.authn.lockout import Lockout
from idp.endpoints.csc.house import AUTHORIZE_LIMITS
from idp.endpoints.routes import _remote_signing
from idp.endpoints.wsgi import Dispatcher
from idp.errors import ConfigurationError
from idp.oauth.metadata import Paths
from idp.services import RemoteSigning
from tests.fakes.guess_counter import FakeGuessCounter
from tests.provider import ISSUER, REDIRECT_URI, SECRET, VERIFIER
from tests.whole import make_app

from .door import Door


def mounted(door: Door) -> None:
    """Mount what the table of paths mounts for these rooms."""
    counted = Lockout(FakeGuessCounter(), door.clock, AUTHORIZE_LIMITS, kind="c")
    rooms = RemoteSigning(signing=door.phones.csc, authorizations=counted)
    services: Any = SimpleNamespace(
        remote_signing=rooms, clients=door.registry, provider=door.provider, resource_access=door.access,
        settings=SimpleNamespace(issuer=ISSUER, mtls_origin="", acr_prefix="urn:x:", province_name="Tỉnh Hậu Giang",
                                 logo_file=None),
        certificate_protocols=SimpleNamespace(time_stamps=door.stamps, stamp_requests=None))
    door.app = Dispatcher(_remote_signing(services, Paths()), fallback=door.app)


def test_interface_2_both_versions_and_the_addresses_of_oauth(door: Door) -> None:
    mounted(door)
    told = door.ask("info").json
    assert (told["name"], told["logo"], told["oauth2"]) == ("Tỉnh Hậu Giang", f"{ISSUER}/static/0/mark.svg", f"{ISSUER}/csc/")
    assert door.ask("info", version="v2").json["oauth2Issuer"] == ISSUER
    assert door.authorize().status == 200
    led = door.call("GET", "/csc/oauth2/authorize", query="client_id=qlvb&scope=credential&hash=a%2Cb")
    assert (led.status, led.headers["Location"]) == (303, f"{ISSUER}/authorize?client_id=qlvb&scope=credential&hash=a%2Cb")
    form = {"grant_type": "authorization_code", "code": door.code(scope="service"), "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER}
    token = door.post("/csc/oauth2/token", form, client_id="qlvb", secret=SECRET).json["access_token"]
    assert door.ask("credentials/list", token=token).status == 200
    assert door.post("/csc/oauth2/revoke", {"token": token}, client_id="qlvb", secret=SECRET).status == 200
    assert door.ask("credentials/list", token=token).status == 401


def test_interface_2_a_deployment_with_carriers_lists_and_mounts_it(sqlite_template: Path, tmp_path: Path) -> None:
    (tmp_path / "mssp").mkdir()
    authority.make(tmp_path / "mssp")
    carriers = tmp_path / "mssp.toml"
    carriers.write_text(sample_sims.carriers(tmp_path / "mssp", 1))
    database = shutil.copy(sqlite_template, tmp_path / "idp.sqlite3")
    app = make_app(tmp_path, f"sqlite:///{database}", mssp_file=carriers, csc_multisign=2)
    programs = app.test_client()
    assert programs.get("/.well-known/trust-services").json["csc_endpoint"] == "http://localhost:8000/csc"
    told = programs.get("/.well-known/trust-services").json["mobile_signature"]
    assert programs.get(told["enrollment_status"].removeprefix("http://localhost:8000")).status_code == 401
    assert programs.post(f"{told['sign'].removeprefix('http://localhost:8000')}/info", json={}).status_code == 200
    assert "credential" in programs.get("/.well-known/openid-configuration").json["authorization_details_types_supported"]
    assert {"service", "credential"} < set(programs.get("/.well-known/oauth-authorization-server").json["scopes_supported"])
    assert "urn:haugiang:acr:3" in programs.get("/.well-known/openid-configuration").json["acr_values_supported"]
    assert programs.post("/csc/v1/info", json={}).json["specs"] == "1.0.4.0"
    assert programs.post("/csc/v2/info", json={}).json["specs"] == "2.0.0.2"
    assert programs.post("/csc/v1/credentials/list", json={}).status_code == 401


def test_security_1_level_3_is_offered_where_a_carrier_asks_cards_for_it_and_nowhere_else(tmp_path: Path) -> None:
    authority.make(tmp_path)
    lines = sample_sims.carriers(tmp_path, 1).splitlines()
    plain = [line for line in lines if not line.startswith("authentication_profile")]
    both = [line.replace(sample_sims.LOGIN_PROFILE, sample_sims.PROFILE) for line in lines]
    file = tmp_path / "mssp.toml"
    settings: Any = SimpleNamespace(mssp_file=file)
    for written, offered in ((lines, True), (plain, False)):
        file.write_text("\n".join(written))
        assert signs_in(settings) is offered
    file.write_text("\n".join(both))
    with pytest.raises(ConfigurationError, match="another than profile"):
        signs_in(settings)
    assert not signs_in(cast(Any, SimpleNamespace(mssp_file=None)))


def test_security_1_where_nobody_signs_there_is_nothing(door: Door) -> None:
    routes: Any = SimpleNamespace(remote_signing=None, settings=None)
    assert _remote_signing(routes, Paths()) == []
