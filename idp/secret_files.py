"""Files that hold a secret: one line, closed to others, and no default that everybody knows (OWASP ASVS 5.0 13.3)."""

from __future__ import annotations

import stat
from pathlib import Path

from .errors import ConfigurationError

OF_THE_HOUSE = "Run: flask --app wsgi keys init, or restore it from the backup."
"""What to do when a secret file is missing that this product makes itself."""

FOR_OTHERS = 0o137
"""Bits that no file with a secret has: anything for strangers, writing for the group, execution."""


def read_secret(path: Path, missing: str = OF_THE_HOUSE) -> str:
    """Read a secret file.

    Args:
        path: A file with one line, mode 0600 (or 0400, 0440 and 0640 where a group of the service's own reads it).
        missing: What to do when it is not there.

    Raises:
        ConfigurationError: it is missing, empty, a well-known default, or readable by others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigurationError(f"The secret file {path} cannot be read.", remedy=missing, debug=str(err)) from err
    if stat.S_IMODE(mode) & FOR_OTHERS:
        raise ConfigurationError(f"The secret file {path} can be used by others (mode {stat.S_IMODE(mode):04o}).",
                                 remedy=f"Run: chmod 600 {path}")
    if not text or text.lower() in {"changeme", "change-me", "secret", "password", "admin", "default"}:
        raise ConfigurationError(f"The secret file {path} is empty or holds a default.", remedy="Put a random value into it.")
    return text
