"""The authority with its key in SoftHSM: the same tests as with a key in a file, and what is a token's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pkcs11 import Attribute, ObjectClass

from idp.adapters.ca_pkcs11 import TokenKeys
from idp.adapters.ca_software import SoftwareKeys
from idp.adapters.key_files import write_once
from idp.adapters.pkcs11_keys import Pkcs11Keys
from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.status import SqlStatusStore
from idp.errors import ConfigurationError, UnavailableError
from idp.pki.authority.keys import KeysByPlace
from idp.pki.status.crl import RevocationListMaker
from tests.fakes.clock import FakeClock
from tests.softhsm import MODULE, PIN, SoftHSM

from .house import ADDRESSES, CALLER, House, run
from .test_issuance import (  # noqa: F401 (they are collected here again, with the key in a token)
    LEAVES,
    test_a_number_that_was_used_is_used_for_ever,
    test_openssl_and_pkilint_find_nothing,
    test_pkilint_finds_nothing_in_the_authorities,
    test_revoked_suspended_and_back,
    test_security_48_names_come_from_the_directory_and_never_from_the_request,
    test_security_49_keys_reused_revoked_and_our_own,
    test_security_50_serial_numbers_are_long_random_and_once,
    test_validity_is_within_the_issuers_and_the_profiles,
    test_what_was_settled_is_not_recorded_afterwards,
)

pytestmark = pytest.mark.filterwarnings(
    # As in tests/adapters/test_pkcs11_keys: a search of a session that died cannot be closed, which changes nothing.
    "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Where rows are does not matter to a token: SQLite alone."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'idp.sqlite3')}"


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHSM]:
    before = os.environ.get("SOFTHSM2_CONF")
    hsm = SoftHSM(tmp_path_factory.mktemp("softhsm"))
    for number in range(2):
        hsm.token(f"authority {number}")
    hsm.module()
    yield hsm
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token(softhsm: SoftHSM) -> Iterator[Pkcs11Keys]:
    """A token without keys."""
    token = Pkcs11Keys(MODULE, "authority 0", lambda: PIN, FakeClock())
    yield token
    softhsm.module()
    for label in ("authority 0", "authority 1"):
        with pkcs11.lib(str(MODULE)).get_token(token_label=label).open(rw=True, user_pin=PIN) as session:
            for key in list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})):
                key.destroy()


@pytest.fixture
def house(database: Database, tmp_path: Path, token: Pkcs11Keys) -> House:
    return House(database, tmp_path, TokenKeys(token))


def test_the_key_is_in_the_token_and_nowhere_else(house: House, tmp_path: Path, token: Pkcs11Keys) -> None:
    made = house.founded()
    assert made.issuing.key.startswith("pkcs11:token=authority%200;id=%")
    assert not (tmp_path / "ca").exists()
    assert token.holds(made.issuing.key)
    key = house.keys.key(made.issuing)
    for reading in (key.private_numbers, lambda: key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
                    lambda: key.exchange(ec.ECDH(), key.public_key()), lambda: key.sign(b"x", ec.ECDSA(SHA256()))):
        with pytest.raises(TypeError):
            reading()
    assert (key.key_size, key.curve.name) == (384, "secp384r1")
    with pytest.raises(ConfigurationError, match="already"):
        TokenKeys(token).make("pilot")


def test_lists_are_signed_in_the_token_as_openssl_sees_them(house: House, database: Database, tmp_path: Path) -> None:
    made = house.founded()
    lists = RevocationListMaker(house.store, SqlStatusStore(database), house.keys, ADDRESSES, house.clock)
    (tmp_path / "list.crl").write_bytes(lists.make(made.issuing, 0).der)
    (tmp_path / "issuing.pem").write_bytes(
        x509.load_der_x509_certificate(made.issuing.certificate).public_bytes(Encoding.PEM))
    said = run("openssl", "crl", "-inform", "DER", "-in", tmp_path / "list.crl", "-CAfile", tmp_path / "issuing.pem", "-noout")
    assert said.startswith("0\n")
    assert "verify OK" in said


def test_while_the_token_is_away_nothing_is_issued_and_afterwards_all_is_well(house: House, softhsm: SoftHSM) -> None:
    house.founded()
    softhsm.take_away()
    try:
        with pytest.raises(UnavailableError) as away:
            house.issue()
        assert away.value.dependency == "key_token"
    finally:
        softhsm.bring_back()
        softhsm.module()
    house.clock.advance(601)
    assert house.issuance.settle() == 1
    vars(house.keys._token)["_token"]._failed_at = -1  # the second in which nobody asks it again has its own test
    assert house.issue().record.state == "issued"


def test_a_token_with_another_key_under_the_name_signs_nothing(house: House, database: Database, tmp_path: Path) -> None:
    house.founded()
    other = TokenKeys(Pkcs11Keys(MODULE, "authority 1", lambda: PIN, FakeClock()))
    other.make("pilot")
    another = House(database, tmp_path, other)
    with pytest.raises(ConfigurationError, match="is not the authority's"):
        another.issue()
    assert another.issuance.settle() == 0


def test_both_places_beside_each_other(house: House, token: Pkcs11Keys, tmp_path: Path) -> None:
    made = house.founded()
    files = SoftwareKeys(tmp_path / "ca", write_once)
    without = KeysByPlace(files, None, new_in_token=False)
    with pytest.raises(ConfigurationError, match="none is configured"):
        without.key(made.issuing)
    with pytest.raises(ConfigurationError, match="none is configured"):
        KeysByPlace(files, None, new_in_token=True).make("second")
    both = KeysByPlace(files, TokenKeys(token), new_in_token=False)
    public = both.make("second")
    assert both.place("second") == "second"
    assert both.opened("second", public).public_key() == public
    assert both.key(made.issuing).public_key() == x509.load_der_x509_certificate(made.issuing.certificate).public_key()
    assert house.keys.opened("pilot", both.key(made.issuing).public_key()).sign(b"x", ec.ECDSA(SHA384()))
    with pytest.raises(ConfigurationError, match="is not the key"):
        both.opened("second", ec.generate_private_key(ec.SECP384R1()).public_key())
    assert [one.name for one in house.issuance.authorities()] == ["root", "pilot"]
    assert CALLER.source
