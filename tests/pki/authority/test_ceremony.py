"""What a root elsewhere has signed is taken in when it is of our names, addresses and key, and refused in every other case."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from deploy import ceremony as offline
from idp.adapters.sql.database import Database
from idp.errors import ConfigurationError, RefusedError
from idp.pki.authority.ceremony import MisfitError, Result, read
from tests.pki.status.house import House as Stated

from .house import CALLER, run

DAY = timedelta(days=1)


class House(Stated):
    """An authority that is not founded yet, and the root's machine."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder, founded=False)
        self.root_key = ec.generate_private_key(ec.SECP384R1())
        self.root = offline._root("Tỉnh Hậu Giang", self.root_key, self.clock.moment())

    def asked(self, name: str = "pilot") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.issuance.requested(name))
        return found

    def result(self, asked: dict[str, Any], *, root: Any = None, key: Any = None, now: Any = None, revoked: bool = False,
               **changes: Any) -> Result:
        """Sign a request, as it is or with other words in it."""
        now, root_key, root = now or self.clock.moment(), key or self.root_key, root or self.root
        public = x509.load_pem_x509_csr(asked["csr"].encode()).public_key()
        issuing = offline._issuing({**asked, **changes}, public, root, root_key, now)
        entry = x509.RevokedCertificateBuilder(issuing.serial_number, now).build()
        return Result(asked["name"], root, issuing, offline._list(root, root_key, [entry] if revoked else [], now, 0))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def why(act: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as refused:
        act()
    return f"{refused.value.code}: {refused.value.message}"


def test_a_root_elsewhere_and_an_authority_here(house: House) -> None:
    asked = house.asked()
    assert (asked["name"], asked["organization"], asked["origin"]) == (
        "pilot", "Tỉnh Hậu Giang", "http://pki.haugiang.example")
    assert x509.load_pem_x509_csr(asked["csr"].encode()).is_signature_valid
    made = house.issuance.adopted(house.result(asked), CALLER)
    assert made.root_key is None
    leaf, issuing, root = house.files(house.issue())
    lists = [house.lists.find(name, 0) for name in ("root", "pilot")]
    (house.folder / "lists.pem").write_bytes(b"".join(
        x509.load_der_x509_crl(one.der).public_bytes(Encoding.PEM) for one in lists if one is not None))
    said = run("openssl", "verify", "-x509_strict", "-crl_check_all", "-policy_check", "-purpose", "any", "-attime",
               str(house.clock.now()), "-CAfile", root, "-untrusted", issuing, "-CRLfile", house.folder / "lists.pem", leaf)
    assert said.startswith("0\n"), said
    assert why(house.asked).startswith("name_taken")
    second = house.result(house.asked("second"))
    assert house.issuance.adopted(second, CALLER).issuing.name == "second"
    assert why(lambda: house.issuance.adopted(second, CALLER)).startswith("name_taken")
    other = ec.generate_private_key(ec.SECP384R1())
    root2 = offline._root("Tỉnh Hậu Giang", other, house.clock.moment())
    assert why(lambda: house.issuance.adopted(house.result(house.asked("third"), root=root2, key=other), CALLER)).startswith(
        "another_root")


WRONG: dict[str, Callable[[House, dict[str, Any]], Result]] = {
    "is not the name of Root CA": lambda house, asked: house.result(
        asked, root=offline._root("Tỉnh Khác", house.root_key, house.clock.moment())),
    "is not the name of Issuing CA": lambda house, asked: house.result(asked, organization="Tỉnh Khác"),
    "other addresses": lambda house, asked: house.result(asked, origin="http://pki.khac.example"),
    "not valid at this moment": lambda house, asked: house.result(asked, now=house.clock.moment() + 40 * DAY),
    "has revoked it": lambda house, asked: house.result(asked, revoked=True),
    "is none": lambda house, asked: replace(house.result(asked), name="../x"),
    "P-384": lambda house, asked: house.result(
        asked, key=SHORT, root=offline._root("Tỉnh Hậu Giang", SHORT, house.clock.moment())),
    "the issuer is another one": lambda house, asked: house.result(
        asked, key=LONG, root=house.root),
    "is not the root's, or has ended": lambda house, asked: replace(
        house.result(asked), crl=offline._list(house.root, LONG, [], house.clock.moment(), 0)),
    "Issuing CA pilot": lambda house, asked: replace(house.result(asked), issuing=house.root),
}
SHORT, LONG = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())


@pytest.mark.parametrize("sentence", WRONG)
def test_what_does_not_fit_is_refused_and_leaves_nothing(house: House, sentence: str) -> None:
    result = WRONG[sentence](house, house.asked())
    said = why(lambda: house.issuance.adopted(result, CALLER))
    assert sentence in said
    assert house.issuance.authorities() == []


def test_security_48_an_extension_more_or_a_longer_path_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = house.asked()
    plain = offline._builder

    def with_a_name(*given: Any) -> Any:
        return plain(*given).add_extension(x509.SubjectAlternativeName([x509.DNSName("x.example")]), critical=False)

    monkeypatch.setattr(offline, "_builder", with_a_name)
    assert "misfit" in why(lambda: house.issuance.adopted(house.result(asked), CALLER))
    monkeypatch.setattr(offline, "_builder", lambda *given: Longer(plain(*given)))
    assert "BasicConstraints" in why(lambda: house.issuance.adopted(house.result(asked), CALLER))


class Longer:
    """Builds authorities whose path may be of any length."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def add_extension(self, extension: Any, critical: bool) -> Any:
        if isinstance(extension, x509.BasicConstraints):
            extension = x509.BasicConstraints(ca=extension.ca, path_length=None)
        return Longer(self.builder.add_extension(extension, critical))

    def sign(self, *given: Any) -> Any:
        return self.builder.sign(*given)


def test_the_key_that_was_certified_is_the_one_that_is_here(house: House, tmp_path: Path) -> None:
    asked = house.asked()
    (tmp_path / "ca" / "pilot.pem").unlink()
    house.keys.make("pilot")
    with pytest.raises(ConfigurationError, match="is not the key"):
        house.issuance.adopted(house.result(asked), CALLER)
    assert house.issuance.authorities() == []


@pytest.mark.parametrize("name", ["", "Root", "root", "a/b", "x" * 32])
def test_a_name_that_is_none(house: House, name: str) -> None:
    assert why(lambda: house.issuance.requested(name)).startswith("name")


def test_the_roots_next_list_is_taken_and_no_earlier_one(house: House) -> None:
    made = house.issuance.adopted(house.result(house.asked()), CALLER)
    house.clock.advance(300 * 86400)
    newer = offline._list(house.root, house.root_key, [], house.clock.moment(), 0).public_bytes(Encoding.DER)
    older = offline._list(house.root, house.root_key, [], house.clock.moment() - DAY, 0).public_bytes(Encoding.DER)
    taken = house.lists.take(made.root, newer)
    assert house.lists.find("root", 0) == taken
    for der in (newer, older):
        assert "newer list" in why(lambda der=der: house.lists.take(made.root, der))  # type: ignore[misc]
    later = offline._list(house.root, house.root_key, [], house.clock.moment() + DAY, 0).public_bytes(Encoding.DER)
    assert "look at the clocks" in why(lambda: house.lists.take(made.root, later))
    assert "not a whole list" in why(lambda: house.lists.take(made.issuing, newer))
    assert "not a list" in why(lambda: house.lists.take(made.root, b"x"))
    house.store.next_crl_number("root", taken.number + 5)
    gone = offline._list(house.root, house.root_key, [], house.clock.moment(), taken.number + 5).public_bytes(Encoding.DER)
    assert "newer list" in why(lambda: house.lists.take(made.root, gone))  # a number that was given away is used, list or not
    large = offline._list(house.root, house.root_key, [], house.clock.moment(), 1 << 70).public_bytes(Encoding.DER)
    assert "not a whole list" in why(lambda: house.lists.take(made.root, large))
    assert house.lists.find("root", 0) == taken


@given(st.one_of(st.binary(max_size=200), st.dictionaries(st.sampled_from(["name", "root", "issuing", "crl"]), st.one_of(
    st.none(), st.integers(), st.text(max_size=40))).map(lambda found: json.dumps(found).encode())))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(MisfitError):
        read(content)
    with pytest.raises(MisfitError):
        read(b"[" * 100_000)
