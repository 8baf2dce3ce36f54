"""What stands at addresses that the provider fetches."""

from __future__ import annotations

from idp.errors import UnavailableError


class FakeDocuments(dict[str, bytes]):
    """Documents by address; the rest of the world does not answer. ``document`` stands for the guarded fetcher."""

    def document(self, url: str) -> bytes:
        if url not in self:
            raise UnavailableError("No connection.", dependency="receiver")
        return self[url]
