"""Requests by reference: the application publishes its request object, and the browser carries only where it stands.

Spec: OpenID Connect Core §6.2, RFC 9101 §5.2, §7, §10.4 (server-side request forgery). Only addresses that the application
registered are fetched, whatever the setting; what stands there is a request object like any other, and one function checks both.
Nothing is kept: a fragment, by which an application says that the content has changed (Core §6.2.3), has nothing to renew and is
passed over. Departs from RFC 9101 §5.2.3: the media type is asked for and not demanded; the object itself says what it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from ...errors import RefusedError, UnavailableError
from ..client import Client
from .request_object import InvalidRequestObjectError

MEDIA_TYPES: Final = "application/oauth-authz-req+jwt, application/jwt, */*;q=0.1"
"""What is asked for (RFC 9101 §9.1)."""
MOST_AT_ONCE: Final = 2
"""Fetches at one time in this process. Anybody can cause one, and a slow server must never hold all threads."""


class PublishedRequests:
    """Fetches request objects.

    Args:
        fetch: Gets the bytes at an address: the guarded fetcher (security checklist 19). Raises RefusedError or
            UnavailableError.
        most_at_once: How many may be under way.
    """

    def __init__(self, fetch: Callable[[str], bytes], *, most_at_once: int = MOST_AT_ONCE) -> None:
        self._fetch = fetch
        self._places = threading.BoundedSemaphore(most_at_once)

    def get(self, request_uri: str, client: Client) -> str:
        """Fetch what a request names; nothing of it is checked yet.

        Args:
            request_uri: As received.
            client: Who is said to ask.

        Raises:
            InvalidRequestObjectError: ``invalid_request_uri``: it is not registered, or nothing can be had there.
            UnavailableError: others are being fetched; this one may be tried again.

        Source: OpenID Connect Core §6.2.2-§6.2.3, RFC 9101 §5.2.
        """
        address = without_fragment(request_uri)
        if address not in map(without_fragment, client.request_uris):
            raise InvalidRequestObjectError("The request_uri is not registered for this application.", code="invalid_request_uri")
        if not self._places.acquire(blocking=False):
            raise UnavailableError("Too many requests are being fetched.", dependency="request_uri", retry_after_seconds=5)
        try:
            found = self._fetch(address).decode("ascii").strip()
        except (RefusedError, UnavailableError, UnicodeDecodeError):
            found = ""
        finally:
            self._places.release()
        if not found:
            raise InvalidRequestObjectError("The request_uri leads to no request object.", code="invalid_request_uri")
        return found


def without_fragment(uri: str) -> str:
    """Give an address as it is fetched and compared."""
    return uri.partition("#")[0]
