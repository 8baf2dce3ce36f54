"""What programs find of the certificate services: nothing while there is no authority, every address once there is one."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp.adapters.sql.database import Database
from idp.endpoints.routes import trust_services
from idp.oauth.metadata import Paths
from tests.pki.authority.house import House


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def listed(house: House, *, stamps: bool = False, est: bool = False, mtls: str = "", signing: bool = False) -> dict[str, Any]:
    services: Any = SimpleNamespace(settings=SimpleNamespace(issuer="https://sso.example.vn", mtls_origin=mtls),
                                    certification=house.issuance, remote_signing=object() if signing else None,
                                    mobile_signatures=object() if signing else None,
                                    certificate_protocols=SimpleNamespace(
                                        time_stamps=SimpleNamespace(offered=lambda: stamps),
                                        est=SimpleNamespace(offered=lambda: est)))
    return dict(json.loads(json.dumps(trust_services(services, Paths()))))


def test_only_what_is_switched_on(house: House) -> None:
    before = listed(house)
    assert before == {"admin_api": "https://sso.example.vn/api/v1", "admin_api_openapi": "https://sso.example.vn/api/v1/openapi.json"}
    house.founded()
    assert listed(house) == {
        **before, "ocsp_endpoint": "http://pki.haugiang.example/ocsp",
        "crl_endpoints": ["http://pki.haugiang.example/crl/root.crl", "http://pki.haugiang.example/crl/pilot.crl"],
        "ca_certificates": ["http://pki.haugiang.example/ca/root.crt", "http://pki.haugiang.example/ca/pilot.crt"]}
    assert listed(house, stamps=True) == {**listed(house), "tsa_endpoint": "https://sso.example.vn/tsa"}
    assert listed(house, signing=True) == {
        **listed(house), "csc_endpoint": "https://sso.example.vn/csc", "mobile_signature": {
            "sign": "https://sso.example.vn/csc/v2", "enrollment_status": "https://sso.example.vn/api/v1/sims"}}
    assert listed(house, est=True) == {**listed(house), "est_endpoint": "https://sso.example.vn/.well-known/est"}
    # A renewal needs the certificate of the connection, so one address for all is where that is asked for.
    assert listed(house, est=True, mtls="https://mtls.sso.example.vn")["est_endpoint"] == (
        "https://mtls.sso.example.vn/.well-known/est")
