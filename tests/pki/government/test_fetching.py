"""Lists are fetched where certificates say that they are, and kept only when an authority of the chain signed them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from idp.adapters.crl_files import CrlFiles, ListFolder
from idp.adapters.outbound import AddressRefusedError, Outbound
from idp.adapters.sql.database import Database
from idp.adapters.sql.pki.government import SqlSeenCertificates
from idp.errors import ConfigurationError, UnavailableError
from idp.pki.government.chain import PublishedChain
from idp.pki.government.fetching import MOST_ADDRESSES, ListFetcher
from idp.pki.government.ports import Seen
from tests.fakes.clock import FakeClock

from .chain import DAY, Government, key

NOW = FakeClock().moment()
GOVERNMENT = Government(NOW)
MAIL = "nvmau@haugiang.gov.vn"


def pointing(*addresses: str) -> x509.Certificate:
    points = x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(one)], None, None, None)
                                         for one in addresses])
    return GOVERNMENT.issue("Nguyễn Văn Mẫu", MAIL, extensions=((points, False),))


class House:
    """What fetches, and what stands at addresses."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.chain = PublishedChain(GOVERNMENT.chain, CrlFiles(folder / "lists", look_seconds=0))
        self.seen, self.there = SqlSeenCertificates(database), {}  # type: ignore[var-annotated]
        self.folder = folder / "lists"
        self.fetcher = ListFetcher(self.chain, self.seen, self.fetch, ListFolder(self.folder))

    def fetch(self, address: str) -> bytes:
        if address not in self.there:
            raise UnavailableError("It does not answer.", dependency="receiver")
        return self.there[address]  # type: ignore[no-any-return]

    def taken(self, certificate: x509.Certificate, at: int = 1, verdict: str = "") -> None:
        der = certificate.public_bytes(Encoding.DER)
        self.seen.keep(Seen(sha256=certificate.fingerprint(hashes.SHA256()).hex(), der=der, seen_at=at, number="1", holder="x",
                            verdict=verdict))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def test_a_list_is_fetched_kept_and_counts(house: House) -> None:
    certificate = pointing("http://ca.example/ca.crl")
    assert house.fetcher.round() == {"new": 0, "same": 0, "failed": 0}
    house.taken(certificate)
    assert house.fetcher.addresses() == ("http://ca.example/ca.crl",)
    assert house.fetcher.round()["failed"] == 1
    house.there["http://ca.example/ca.crl"] = GOVERNMENT.revoked(certificate)
    assert house.fetcher.round() == {"new": 1, "same": 0, "failed": 0}
    assert house.fetcher.round() == {"new": 0, "same": 1, "failed": 0}
    assert house.chain.standing(house.chain.path(certificate, NOW), NOW) == "revoked"
    assert [path.suffix for path in house.folder.iterdir()] == [".crl"]


def test_an_older_list_or_one_of_others_replaces_nothing(house: House) -> None:
    house.taken(pointing("http://ca.example/ca.crl"))
    house.there["http://ca.example/ca.crl"] = GOVERNMENT.revoked()
    house.fetcher.round()
    [kept] = [path.read_bytes() for path in house.folder.iterdir()]
    older, forged = (x509.CertificateRevocationListBuilder(GOVERNMENT.between.subject, NOW + days * DAY, NOW + 9 * DAY).sign(
        key(number), hashes.SHA256()) for days, number in ((-3, 2), (0, 9)))
    for content, what in ((older.public_bytes(Encoding.PEM), "same"), (forged.public_bytes(Encoding.DER), "failed"),
                          (b"<html>", "failed"), (b"", "failed")):
        house.there["http://ca.example/ca.crl"] = content
        assert house.fetcher.round()[what] == 1
        assert [path.read_bytes() for path in house.folder.iterdir()] == [kept]


def test_security_19_addresses_come_from_what_the_chain_vouches_for_alone(house: House) -> None:
    house.taken(pointing("http://refused.example/x.crl"), verdict="certificate_of_others")
    assert house.fetcher.addresses() == ()
    house.taken(pointing(*(f"http://ca.example/{number}.crl" for number in range(30)), "ldap://ca.example/x"))
    assert len(house.fetcher.addresses()) == MOST_ADDRESSES
    assert all(one.startswith("http://ca.example/") for one in house.fetcher.addresses())


def test_security_19_what_fetches_lists_takes_http_and_no_private_address() -> None:
    public = Outbound(development=False, plain=True, resolve=lambda host, port: ["10.0.0.7"])
    for address in ("http://ca.example/ca.crl", "https://ca.example/ca.crl"):
        with pytest.raises(AddressRefusedError, match="has an address that is not allowed"):
            public.document(address)
    with pytest.raises(AddressRefusedError, match="not https"):
        public.document("ftp://ca.example/ca.crl")
    with pytest.raises(AddressRefusedError, match="not https"):
        Outbound(development=False, resolve=lambda host, port: ["203.0.113.7"]).document("http://ca.example/ca.crl")
    with pytest.raises(AddressRefusedError):
        Outbound(development=False, plain=True, resolve=lambda host, port: ["127.0.0.1"]).document("http://ca.example/ca.crl")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = ListFolder(tmp_path / "file")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        folder.write("x.crl", b"x")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        folder.read("x.crl")
    assert ListFolder(tmp_path).read("none.crl") == b""
