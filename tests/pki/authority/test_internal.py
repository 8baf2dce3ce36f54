"""The province's own authority behind the port that the Government's has too, with its key in a file and in a token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from idp.adapters.ca_pkcs11 import TokenKeys
from idp.adapters.pkcs11_keys import Pkcs11Keys
from idp.adapters.sql.database import Database
from idp.adapters.sql.notices import SqlNotices
from idp.errors import RefusedError
from idp.pki.authority.internal import InternalAuthority
from idp.pki.authority.ports import CertificateAuthority, Letter, Reason, Received, Wanted

from .house import CALLER, OFFICER, SERVER, House, request
from .test_in_token import database_url, softhsm, token

__all__ = ["database_url", "softhsm", "token"]

LETTER = Letter(batch="P-1", document="12/STTTT", by="sub-desk")


@pytest.fixture(params=["file", "token"])
def house(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> House:
    token: Pkcs11Keys | None = request.getfixturevalue("token") if request.param == "token" else None
    house = House(database, tmp_path, TokenKeys(token) if token is not None else None)
    house.founded()
    return house


def wanted(number: int = 1, **changes: Any) -> Wanted:
    key = ec.derive_private_key(900 + number, ec.SECP256R1())
    return replace(Wanted(number=f"2026-{number}", profile="officer_signing", subject=OFFICER, holder=f"sub-{number}",
                          unit_code="H30.11", request=request(key, name="Người khác")), **changes)


def code(answer: Received | RefusedError) -> str:
    return answer.code if isinstance(answer, RefusedError) else "issued"


def test_each_request_stands_for_itself_and_asking_twice_is_asking_once(house: House, database: Database) -> None:
    authority: CertificateAuthority = InternalAuthority(house.issuance)
    asked = [wanted(1), wanted(2, request=b""), wanted(3, request=wanted(1).request), wanted(4, request=b"x"),
             wanted(5, profile="tls_client", subject=SERVER), wanted(6, subject=replace(OFFICER, uid="x" * 65))]
    first = authority.request(LETTER, asked, CALLER)
    assert [code(answer) for answer in first.values()] == [
        "issued", "no_key", "key_reused", "bad_request", "issued", "bad_subject"]
    again = authority.request(LETTER, asked, CALLER)
    made = first["2026-1"]
    assert isinstance(made, Received)
    assert (again["2026-1"], again["2026-5"]) == (made, first["2026-5"])
    assert len(house.store.of_holder("sub-1")) == 1
    assert SqlNotices(database).unread("sub-1") == 0  # the certificate desk tells
    certificate = x509.load_der_x509_certificate(made.der)
    assert certificate.subject == OFFICER.distinguished_name()  # security checklist 48: never the request's
    assert made.issuer == certificate.issuer.rfc4514_string()
    assert f"{certificate.serial_number:x}" == made.serial


def test_what_is_received_was_issued_here_for_this_holder_and_stands(house: House) -> None:
    authority = InternalAuthority(house.issuance)
    [made] = authority.request(LETTER, [wanted(1)], CALLER).values()
    assert isinstance(made, Received)
    assert authority.receive(wanted(1), made.der, dry=False) == made
    for one, der, why in ((wanted(2), made.der, "certificate_of_others"), (wanted(1), b"x", "certificate_unreadable"),
                          (wanted(1), house.issuance.authorities()[0].certificate, "certificate_of_others")):
        with pytest.raises(RefusedError) as refused:
            authority.receive(one, der, dry=True)
        assert refused.value.code == why
    house.issuance.revoke(made.serial, Reason.SUPERSEDED, CALLER)
    with pytest.raises(RefusedError):
        authority.receive(wanted(1), made.der, dry=True)
    assert code(authority.request(LETTER, [wanted(1)], CALLER)["2026-1"]) == "key_revoked"
