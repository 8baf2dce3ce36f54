"""Sealing rounds: everything that may be sealed, twice a second, and the newest seal in the log once a minute.

The log line is what leaves the machine with the log shipping of the province: ``audit verify --head NUMBER:HASH`` checks it.
"""

from __future__ import annotations

import structlog

from ..audit.chain import AuditChain
from ..audit.seal import Seal

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
            if done.head and done.head != self._head:
                self._tell(done.head)
                self._head = done.head
            if done.seal is None:
                return
            self._publish(done.chain, done.seal)

    def _tell(self, head: str) -> None:
        """Say once what became of the head that is known outside the database."""
        if head == "unavailable":
            self._log.error("audit head cannot be read or written")
        elif head == "kept":
            self._log.info("audit head kept again")
        elif head == "conflict":
            self._log.error("audit head conflict: the chain does not lead on from the newest seal known outside the database",
                            reason=self._chain.head_conflict())
        else:
            self._log.error("audit chain not accepted: nothing is sealed until an operator has looked (audit accept-chain)",
                            reason=self._chain.head_conflict())

    def _publish(self, chain: int, seal: Seal) -> None:
        """Send the newest seal away with the log, once a minute."""
        if seal.sealed_at - self._told_at >= HEAD_LINE_SECONDS:
            self._told_at = seal.sealed_at
            self._log.info("audit head", chain=str(chain), seal=seal.number, hash=seal.hash.hex())
