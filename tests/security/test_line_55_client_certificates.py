"""Line 55: client certificates are believed only from our proxy, which always overwrites the headers that tell of them.

One header is read, and what the proxy sets in it is the certificate of the connection or nothing
(tests/deploy/test_nginx.py tries it on the running nginx). The others are blanked all the same.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idp.adapters.sql.database import Database
from tests.provider import House

READ = "X-SSL-Client-Cert"
ROOT = Path(__file__).parents[2]
NAMES = ("Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN",
         "SSL-Client-Cert", "SSL-Client-Verify", "X-Forwarded-Client-Cert")


@pytest.mark.parametrize("name", NAMES)
def test_line_55_the_shipped_proxy_overwrites_every_header_that_tells_of_a_certificate(name: str) -> None:
    shipped = (ROOT / "deploy" / "nginx" / "proxy.conf").read_text(encoding="utf-8")
    assert f"proxy_set_header {name} {'$sign_on_client_cert' if name == READ else chr(34) * 2};" in shipped


def test_line_55_only_the_servers_that_ask_for_a_certificate_pass_one_on() -> None:
    told = {path.name: re.findall(r"set \$sign_on_client_cert (\S+);", path.read_text(encoding="utf-8"))
            for path in (ROOT / "deploy" / "nginx").glob("*.conf")}
    assert {name: values for name, values in told.items() if values} == {
        "sign-on.conf": ['""'] * 3, "mutual-tls.conf": ["$ssl_client_escaped_cert"] * 2,
        "certificate-sign-in.conf": ["$ssl_client_escaped_cert"]}


def test_line_55_a_forged_certificate_authenticates_nobody(database: Database) -> None:
    house = House(database, trusted_proxies=("198.51.100.7",))
    forged = {name.lower(): "SUCCESS" if "verify" in name.lower() else "CN=qlvb" for name in NAMES}
    for path, form in (("/token", {"grant_type": "client_credentials"}), ("/introspect", {"token": "x" * 43}),
                       ("/revoke", {"token": "x" * 43})):
        for named in ({}, {"client_id": "qlvb"}):
            reply = house.post(path, {**named, **form}, headers=forged)
            assert (reply.status, reply.error) == (401, "invalid_client")


def test_line_55_one_such_header_is_read_by_the_doors_of_programs_and_where_officers_show_certificates() -> None:
    """``endpoints/wsgi.py`` takes it away where no proxy of ours has set it, before any of them sees the request."""
    reading = re.compile(r"HTTP_[A-Z_]*(?:CLIENT_CERT|SSL_CLIENT|CLIENT_VERIFY)[A-Z_]*")
    found = {(path.name, name) for path in (ROOT / "idp").rglob("*.py")
             for name in reading.findall(path.read_text(encoding="utf-8"))}
    assert found == {(door, "HTTP_X_SSL_CLIENT_CERT") for door in ("wsgi.py", "door.py", "certificate.py")}
