"""Lists of what the Government's authority has revoked, fetched where its certificates say that they are; off by default.

Spec: RFC 5280 §4.2.1.13 (where lists are), §6.3 (a list counts when its issuer signed it). Addresses come from certificates of
the published chain and from certificates that were taken because that chain vouches for them, and from nowhere else; whatever is
fetched is kept only when an authority of the chain signed it and it is newer than what is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from ...errors import IdpError
from .chain import PublishedChain, list_addresses
from .ports import SeenCertificates

MOST_BYTES: Final = 16 * 2**20
MOST_ADDRESSES: Final = 20
LOOKED_AT: Final = 50
"""Certificates that were taken last; they say where lists are now."""

Fetch = Callable[[str], bytes]
"""Gives what stands at an address. Raises IdpError."""


class ListFolder(Protocol):
    """Where lists are kept."""

    def read(self, name: str) -> bytes:
        """Give the file of a name; empty for none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, whole, instead of the one before."""
        ...


class ListFetcher:
    """Fetches.

    Args:
        chain: Whose lists.
        seen: Certificates that were taken.
        fetch: Guarded calls.
        folder: Where lists are kept.
    """

    def __init__(self, chain: PublishedChain, seen: SeenCertificates, fetch: Fetch, folder: ListFolder) -> None:
        self._chain, self._seen, self._fetch, self._folder = chain, seen, fetch, folder

    def round(self) -> dict[str, int]:
        """Fetch every list once; gives how many are ``new``, ``same`` and ``failed``, for the log."""
        found = {"new": 0, "same": 0, "failed": 0}
        for address in self.addresses():
            try:
                found[self._one(address)] += 1
            except IdpError:
                found["failed"] += 1
        return found

    def addresses(self) -> tuple[str, ...]:
        """Give where lists are."""
        said = [*self._chain.list_addresses()]
        for der in self._seen.taken_last(LOOKED_AT):
            said += list_addresses(x509.load_der_x509_certificate(der))
        return tuple(dict.fromkeys(said))[:MOST_ADDRESSES]

    def _one(self, address: str) -> str:
        crl, name = _read(self._fetch(address)), f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.crl"
        if crl is None or not self._chain.signed_list(crl):
            return "failed"
        kept = _read(self._folder.read(name))
        if kept is not None and kept.last_update_utc >= crl.last_update_utc:
            return "same"
        self._folder.write(name, crl.public_bytes(Encoding.DER))
        return "new"


def _read(content: bytes) -> x509.CertificateRevocationList | None:
    try:
        if not content or len(content) > MOST_BYTES:
            return None
        pem = content.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)
    except (ValueError, UnsupportedAlgorithm):
        return None
