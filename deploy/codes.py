"""``python -m deploy.codes``: the six digits of the demo accounts that have two factors, for a hand without an authenticator app.

The seeds are those that ``make run`` imports and prints; nothing is read from a running province.
"""

from __future__ import annotations

import sys
import time

from deploy.sample_province import TOTP_SEEDS


def main() -> int:
    """Print them, with the seconds for which they hold."""
    import pyotp

    now = int(time.time())
    for uid, seed in TOTP_SEEDS.items():
        print(f"  {uid:15} {pyotp.TOTP(seed).at(now)}")
    print(f"  for {30 - now % 30} s more; each is taken once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
