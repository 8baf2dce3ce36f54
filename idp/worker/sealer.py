"""Sealing rounds: everything that may be sealed, twice a second, and the newest seal in the log once a minute.

The log line is what leaves the machine with the log shipping of the province: ``audit verify --head NUMBER:HASH`` checks it.
"""

from __future__ import annotations

import structlog

from ..audit.chain import AuditChain, Seal

HEAD_LINE_SECONDS = 60


class SealingRounds:
    """One sealer's work."""

    def __init__(self, chain: AuditChain) -> None:
        self._chain = chain
        self._log = structlog.get_logger("idp.worker")
        self._head = "kept"
        self._told_at = 0

    def round(self) -> None:
        """Seal until nothing is left that may be sealed.

        Raises:
            UnavailableError: the database does not answer.
        """
        while True:
            done = self._chain.seal()
            if done.epoch is not None:
                self._log.warning("audit epoch raised: the database runs in another cluster", epoch=done.epoch)
            if done.seal is None:
                return
            self._tell(done.seal, done.head)

    def _tell(self, seal: Seal, head: str) -> None:
        if head != self._head:
            self._head = head
            if head == "conflict":
                self._log.error("audit head conflict: the chain does not lead on from the newest seal known outside the database",
                                seal=seal.number)
            elif head == "unavailable":
                self._log.error("audit head not written", seal=seal.number)
            else:
                self._log.info("audit head written again", seal=seal.number)
        if seal.sealed_at - self._told_at >= HEAD_LINE_SECONDS:
            self._told_at = seal.sealed_at
            self._log.info("audit head", seal=seal.number, hash=seal.hash.hex())
