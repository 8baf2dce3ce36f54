"""A list between its dry run and its taking: it goes back to the browser sealed, for an hour, and comes again from there.

Source: Law 91/2025 on personal data: lists hold identity numbers, so that nothing of them lies on the server in between, and
what the browser holds is readable to nobody else, for no other list and not later. A list too large for a page is chosen again.
"""

from __future__ import annotations

import base64
import zlib
from typing import Final

from ...clock import Clock
from ...errors import IdpError, RefusedError
from ...jose.keyset import Sealer
from ...pki.forms import LONGEST_FILE
from ...roles import Administrator

LARGEST: Final = 60_000
"""Bytes of a list, compressed, that a page carries."""
LIFETIME_SECONDS: Final = 3600
_TIME: Final = 8


class Uploads:
    """Seals lists, and opens them.

    Args:
        sealer: Of this deployment.
        clock: Source of the time.
    """

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer, self._clock = sealer, clock

    def kept(self, who: Administrator, form: str, content: bytes) -> str:
        """Give a list as the page carries it; "" where it is too large."""
        packed = zlib.compress(content, 9)
        if len(packed) > LARGEST:
            return ""
        plain = self._clock.now().to_bytes(_TIME, "big") + packed
        return base64.urlsafe_b64encode(self._sealer.seal(plain, context=_context(who, form))).decode()

    def opened(self, who: Administrator, form: str, kept: str) -> bytes:
        """Give the list again. Raises RefusedError 400 ``upload_over`` for another's, another list's, an old one or none."""
        try:
            plain = self._sealer.open(base64.urlsafe_b64decode(kept.encode("ascii")), context=_context(who, form))
            unpacker = zlib.decompressobj()
            content = unpacker.decompress(plain[_TIME:], LONGEST_FILE + 1)
        except (ValueError, zlib.error, IdpError):
            raise _over() from None
        if not 0 <= self._clock.now() - int.from_bytes(plain[:_TIME], "big") <= LIFETIME_SECONDS:
            raise _over()
        return content


def _context(who: Administrator, form: str) -> str:
    return f"list {form} of {who.sub}"


def _over() -> RefusedError:
    return RefusedError("The list is to be chosen again.", code="upload_over", status=400)
