"""Lists of RSA keys that others know: Debian's of 2008, as its package ``openssl-blacklist`` has them.

Source: CVE-2008-0166; openssl-vulnkey(1): ``blacklist.RSA-<bits>`` holds the last 20 hexadecimal digits of SHA-1 over the line
``Modulus=<hexadecimal capitals>``, one key a line. A list is read when it is first needed; without a folder nothing is known.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa


class WeakKeyFiles:
    """Lists in a folder.

    Args:
        folder: Where they are; None for nowhere.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lists: dict[int, frozenset[str]] = {}
        self._lock = threading.Lock()

    def __call__(self, numbers: rsa.RSAPublicNumbers) -> bool:
        """Tell whether a key is on the list of its length."""
        bits = numbers.n.bit_length()
        digest = hashlib.sha1(f"Modulus={numbers.n:X}\n".encode(), usedforsecurity=False).hexdigest()[20:]
        with self._lock:
            if bits not in self._lists:
                self._lists[bits] = self._read(bits)
            return digest in self._lists[bits]

    def files(self) -> list[str]:
        """Name the lists that are there."""
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.glob("blacklist.RSA-*"))

    def _read(self, bits: int) -> frozenset[str]:
        path = self._folder / f"blacklist.RSA-{bits}" if self._folder is not None else None
        if path is None or not path.is_file():
            return frozenset()
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
