"""Sectors: the addresses of applications that know an officer by one subject stand together in one document.

Spec: OpenID Connect Registration §2 (sector_identifier_uri) and §5, OpenID Connect Core §8.1. The document is fetched when the
address is registered or a registration is changed, and never again (§5); what stands there must hold every redirect URI. Why a
fetch failed is not told to the application: it would learn what our network answers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Final

from ...errors import RefusedError, UnavailableError
from ..client import Client
from .members import InvalidClientMetadataError

AT_ONCE: Final = 2
"""Fetches at a time in one process: a slow server must not keep every thread waiting."""
_RETRY_SECONDS: Final = 5


class Sectors:
    """Checks sector documents.

    Args:
        fetch: Gets the bytes at an address: the guarded fetcher (security checklist 19). Raises RefusedError or
            UnavailableError.
    """

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._fetch = fetch
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def check(self, client: Client) -> None:
        """Check that a client's sector, where it names one, holds all its redirect URIs.

        Raises:
            InvalidClientMetadataError: it does not, or the document cannot be had or is none.
            UnavailableError: others are being checked now.
        """
        if client.sector_identifier_uri and not self._addresses(client.sector_identifier_uri).issuperset(client.redirect_uris):
            raise InvalidClientMetadataError("sector_identifier_uri: the document there does not hold every redirect URI.")

    def _addresses(self, uri: str) -> frozenset[str]:
        if not self._free.acquire(blocking=False):
            raise UnavailableError("Other registrations are being checked. Please try again in a moment.",
                                   dependency="sector_identifier_uri", retry_after_seconds=_RETRY_SECONDS)
        try:
            addresses = json.loads(self._fetch(uri))
        except (RefusedError, UnavailableError, ValueError, RecursionError):
            addresses = None
        finally:
            self._free.release()
        if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
            raise InvalidClientMetadataError("sector_identifier_uri: a JSON list of addresses is not to be had there.")
        return frozenset(addresses)
