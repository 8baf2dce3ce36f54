"""Whom signatures are believed: the roots that the operator names, or those that the provider publishes.

Spec: RFC 5280 §6 (a path ends at a root), ETSI EN 319 142-1 §5.5 (validation data). A provincial system names the root of the
Government's specialised authority in ``TRUST_ROOTS``; the sample takes what its provider lists at
``/.well-known/trust-services``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from asn1crypto import pem
from asn1crypto.x509 import Certificate

SECONDS = 10
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """What signatures are made and checked with.

    Attributes:
        roots: Certificates that are believed.
        others: Certificates between, which spare looking for them.
        stamps: Address of the time-stamp authority; empty where there is none.
    """

    roots: tuple[Certificate, ...]
    others: tuple[Certificate, ...]
    stamps: str

    def context(self, *, fetching: bool = True) -> dict[str, Any]:
        """Give arguments of pyHanko's ``ValidationContext``: status is asked of the issuers, and has to be known."""
        return {"trust_roots": list(self.roots), "other_certs": list(self.others), "allow_fetching": fetching,
                "revocation_mode": "hard-fail"}


class NoTrustError(Exception):
    """The certificate services are not there, or nobody is trusted."""


def learnt(issuer: str, roots_file: Path | None = None) -> Trust:
    """Read what the provider publishes, and the operator's roots.

    Args:
        issuer: The provider's.
        roots_file: PEM; None for the roots that the provider lists.

    Raises:
        NoTrustError: nobody answers, or there are no certificate services.
    """
    try:
        services = requests.get(f"{issuer}/.well-known/trust-services", timeout=SECONDS, allow_redirects=False).json()
        listed = [_fetched(str(address)) for address in services.get("ca_certificates", [])]
        own = _read(roots_file.read_bytes()) if roots_file is not None else [one for one in listed if one.self_signed != "no"]
    except (OSError, ValueError, AttributeError) as err:
        raise NoTrustError("The provider's certificate services do not answer.") from err
    if not own:
        raise NoTrustError("The provider lists no certification authority.")
    return Trust(tuple(own), tuple(one for one in listed if one.self_signed == "no"), str(services.get("tsa_endpoint", "")))


def _fetched(address: str) -> Certificate:
    answer = requests.get(address, timeout=SECONDS, allow_redirects=False)
    answer.raise_for_status()
    return _read(answer.content[:_LARGEST])[0]


def _read(content: bytes) -> Sequence[Certificate]:
    if pem.detect(content):
        return [Certificate.load(der) for _, _, der in pem.unarmor(content, multiple=True)]
    return [Certificate.load(content)]
