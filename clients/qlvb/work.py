"""Signing while the officer's page waits: each signature in a thread of its own, as many at once as the sample bears."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime

import aiohttp

from .documents import Document, Documents, NotNowError
from .layout import Role
from .remote import UNREACHABLE, NotSignedError, Remote
from .signing import Desk, Order
from .trust import NoTrustError

MOST_AT_ONCE = 20
_LOG = logging.getLogger("qlvb")


class Work:
    """Signs documents in the background.

    Args:
        desk: Signs.
        documents: Where they are.
        service_url: Of the remote signing, before ``/csc/v1/``.
    """

    def __init__(self, desk: Desk, documents: Documents, service_url: str) -> None:
        self._desk, self._documents, self._service_url = desk, documents, service_url
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def begin(self, document: Document, role: Role, *, sub: str, officer: str, token: str) -> None:
        """Begin one signature; what comes of it stands in the document.

        Args:
            document: As it was shown.
            role: In which the officer signs.
            sub: The officer.
            officer: The officer's name.
            token: Access token of the scope ``service``.

        Raises:
            NotNowError: it is another's turn, or too much is signed just now.
        """
        if not self._places.acquire(blocking=False):
            raise NotNowError("Đang có nhiều văn bản chờ ký. Hãy thử lại sau ít phút.")
        try:
            begun = self._documents.begin(document, role, sub)
            order = Order(begun.pdf, begun.paper.pages, role, officer, begun.number, begun.title, begun.copy_form,
                          datetime.now(UTC), begun.person)
            threading.Thread(target=self._run, args=(begun.document_id, order, token), daemon=True).start()
        except BaseException:
            self._places.release()
            raise

    def _run(self, document_id: str, order: Order, token: str) -> None:
        try:
            asyncio.run(self._sign(document_id, order, token))
        except NotSignedError as problem:
            self._documents.failed(document_id, problem.sentence)
        except NoTrustError:
            self._documents.failed(document_id, UNREACHABLE)
        except Exception:
            _LOG.exception("a signature came to nothing")
            self._documents.failed(
                document_id, "Phần mềm chưa ký được văn bản này. Hãy thử lại; nếu vẫn vậy, báo người quản trị.")
        finally:
            self._places.release()

    async def _sign(self, document_id: str, order: Order, token: str) -> None:
        async with aiohttp.ClientSession() as session:
            made = await self._desk.sign(order, Remote(session, self._service_url, token),
                                         lambda code: self._documents.told(document_id, code))
        self._documents.signed(document_id, made.pdf, made.person)
