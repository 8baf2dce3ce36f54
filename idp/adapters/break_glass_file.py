"""The break-glass administrator's credential in one JSON file of ``keys/``; implements ``authn.break_glass.CredentialFile``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from ..authn.break_glass import Credential
from ..errors import ConfigurationError
from ..settings import read_secret
from .key_files import write_once

NAME: Final = "break-glass.json"
_ANEW: Final = "Run: flask --app wsgi break-glass remove, then break-glass create"


class BreakGlassFile:
    """One file, mode 0600; it is looked at whenever it is needed, so that taking it away works at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Credential | None:
        """Give what the file holds; None where there is no file."""
        if not self._path.exists():
            return None
        text = read_secret(self._path, _ANEW)
        try:
            held = json.loads(text)
            return Credential(str(held["argon2id"]), str(held["totp"]))
        except (ValueError, TypeError, KeyError) as err:
            raise ConfigurationError(f"{self._path} is damaged.", remedy=_ANEW) from err

    def make(self, credential: Credential) -> bool:
        """Write a file where there is none."""
        content = json.dumps({"argon2id": credential.password_hash, "totp": credential.seed}).encode() + b"\n"
        try:
            return write_once(self._path, content)
        except OSError as err:
            raise _not_written(self._path, err) from err

    def remove(self) -> bool:
        """Delete the file."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        except OSError as err:
            raise _not_written(self._path, err) from err
        return True


def _not_written(path: Path, err: OSError) -> ConfigurationError:
    return ConfigurationError(f"{path} cannot be written.", remedy="Make its folder the property of the account that runs this.",
                              debug=str(err))
