"""Line 55: client certificates are believed only from our proxy, which always overwrites the headers that tell of them.

Nothing of the provider reads such a header today, so a forged one opens nothing; the proxy blanks them all the same, which
tests/deploy/test_nginx.py tries on the running nginx.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idp.adapters.sql.database import Database
from tests.provider import House

ROOT = Path(__file__).parents[2]
NAMES = ("Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN",
         "SSL-Client-Cert", "SSL-Client-Verify", "X-Forwarded-Client-Cert")


@pytest.mark.parametrize("name", NAMES)
def test_line_55_the_shipped_proxy_overwrites_every_header_that_tells_of_a_certificate(name: str) -> None:
    shipped = (ROOT / "deploy" / "nginx" / "proxy.conf").read_text(encoding="utf-8")
    assert f'proxy_set_header {name} "";' in shipped


def test_line_55_a_forged_certificate_authenticates_nobody(database: Database) -> None:
    house = House(database, trusted_proxies=("198.51.100.7",))
    forged = {name.lower(): "SUCCESS" if "verify" in name.lower() else "CN=qlvb" for name in NAMES}
    for path, form in (("/token", {"grant_type": "client_credentials"}), ("/introspect", {"token": "x" * 43}),
                       ("/revoke", {"token": "x" * 43})):
        for named in ({}, {"client_id": "qlvb"}):
            reply = house.post(path, {**named, **form}, headers=forged)
            assert (reply.status, reply.error) == (401, "invalid_client")


def test_line_55_no_module_reads_such_a_header() -> None:
    reading = re.compile(r"client[-_]cert(?!ificate_bound)|ssl[-_]client", re.IGNORECASE)
    assert [str(path) for path in (ROOT / "idp").rglob("*.py") if reading.search(path.read_text(encoding="utf-8"))] == []
