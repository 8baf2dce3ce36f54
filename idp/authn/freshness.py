"""Fresh authentication: what an officer has to have proven just now before changing what proves who they are.

Sources: NIST SP 800-63B-4 §4.1.2 (binding an additional authenticator), OWASP ASVS 5.0 7.5.1; security checklist 34. Fresh is a
session whose password is younger than the setting and whose level is two factors where its officer has a second one: the password
alone where nothing else is enrolled yet. So neither a browser left open nor a password that
became known changes a factor.
"""

from __future__ import annotations

from ..clock import Clock
from .assurance import TWO_FACTORS
from .second_factor import SecondFactors


class Freshness:
    """The rule.

    Args:
        factors: Which an officer has.
        seconds: How long an authentication is fresh.
    """

    def __init__(self, factors: SecondFactors, clock: Clock, seconds: int) -> None:
        self._factors = factors
        self._clock = clock
        self._seconds = seconds

    def recent(self, auth_time: int) -> bool:
        """Tell whether a password proven then is young enough."""
        return 0 <= self._clock.now() - auth_time <= self._seconds

    def level(self, entry_uuid: str) -> int:
        """Give the level that an officer has to reach for it: two factors at most, so that who lost a token can take it off."""
        return min(self._factors.reachable(entry_uuid), TWO_FACTORS)

    def holds(self, entry_uuid: str, *, auth_time: int, level: int) -> bool:
        """Tell whether a session is fresh enough for its officer to change factors.

        Args:
            entry_uuid: The officer's stable identifier.
            auth_time: Of the session.
            level: Reached by the session.
        """
        return self.recent(auth_time) and level >= self.level(entry_uuid)
