"""Hands that answer phones by themselves, where that is switched on: for demonstrations without people and for load."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from .signings import NotNowError, Signings
from .store import Store

ACTS = ("accept", "cancel", "postpone", "ignore", "wrong_pin")


class Hands(threading.Thread):
    """Looks at all phones several times a second.

    Args:
        store: Tells which phones answer by themselves, how, and after how many seconds.
        signings: Transactions.
        now: Gives the time.
        every: Seconds between two looks.
    """

    def __init__(self, store: Store, signings: Signings, now: Callable[[], float] = time.time, every: float = 0.1) -> None:
        super().__init__(daemon=True, name="hands")
        self._store, self._signings, self._now, self._every = store, signings, now, every
        self._ended = threading.Event()

    def run(self) -> None:
        """Work until ``stop``."""
        while not self._ended.wait(self._every):
            self.look()

    def look(self) -> int:
        """Answer whatever is due, and give how many were."""
        due = self._store.rows(
            "SELECT signing.msisdn, phone.automatic, card.pin FROM signing JOIN phone USING (msisdn) "
            "JOIN card ON card.iccid = signing.iccid "
            "WHERE signing.state = 'waiting' AND NOT signing.ignored AND phone.automatic IS NOT NULL AND signing.deadline > ? "
            "AND signing.created + phone.automatic_after <= ?", self._now(), self._now())
        done = 0
        for phone in due:
            with contextlib.suppress(NotNowError):
                act, pin = phone["automatic"], phone["pin"]
                if act == "wrong_pin":
                    act, pin = "accept", f"{pin[:-1]}{(int(pin[-1]) + 1) % 10}"
                self._signings.answer(phone["msisdn"], act, pin)
                done += 1
        return done

    def stop(self) -> None:
        """End after the look that is under way."""
        self._ended.set()
        if self.is_alive():
            self.join(5)
