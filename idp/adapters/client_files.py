"""Files about applications: ``clients/<name>/client.toml``, read whole, and who may vouch: for applications, and for officers.

``oauth/clients/registration.py`` decides what the first may say, ``oauth/clients/keys.py`` which keys the others may hold,
``oauth/clients/assertion_issuers.py`` what an issuer of assertions about officers is.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..errors import ConfigurationError, RefusedError
from ..oauth.clients.assertion_issuers import AssertionIssuer, parse_issuers
from ..oauth.clients.keys import ClientKey, read_jwks
from ..oauth.clients.registrar import ClientFile

FILE_NAME: Final = "client.toml"
MAX_BYTES: Final = 64 * 1024


class ClientFiles:
    """The folder ``clients/``: one folder per application; those without a ``client.toml`` are passed over."""

    def read(self, folder: Path) -> tuple[ClientFile, ...]:
        """Read every registration file, ordered by folder name.

        Raises:
            ConfigurationError: the folder is missing, or a file cannot be read or is no TOML.
        """
        if not folder.is_dir():
            raise ConfigurationError(f"The folder {folder} does not exist.", remedy="Create it or correct IDP_CLIENTS_DIR.")
        paths = sorted(child / FILE_NAME for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
        return tuple(self._read_one(path) for path in paths if path.exists())

    def _read_one(self, path: Path) -> ClientFile:
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ConfigurationError(f"{path} is longer than {MAX_BYTES} bytes.", remedy="Shorten it.")
            return ClientFile(str(path), tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as err:
            raise ConfigurationError(f"{path} cannot be read.", remedy="Correct its mode or owner.", debug=str(err)) from err
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
            raise ConfigurationError(f"{path} is not valid TOML.", remedy=str(err)) from err


def read_software_issuers(path: Path | None) -> Mapping[str, tuple[ClientKey, ...]]:
    """Read who may vouch for applications: a JSON object with a JWK Set for each issuer. None is nobody.

    Raises:
        ConfigurationError: the file cannot be read, or is no such object.
    """
    if path is None:
        return {}
    remedy = 'It is a JSON object such as {"https://issuer.example": {"keys": [...]}}, with public keys only.'
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no object")
        return {issuer: read_jwks(keys) for issuer, keys in found.items()}
    except OSError as err:
        raise ConfigurationError(f"{path} cannot be read.", remedy="Correct IDP_SOFTWARE_ISSUERS_FILE, or its mode or owner.",
                                 debug=str(err)) from err
    except (ValueError, RecursionError, RefusedError) as err:
        raise ConfigurationError(f"{path} does not say who may vouch for applications.", remedy=remedy, debug=str(err)) from err


def read_assertion_issuers(path: Path | None, *, development: bool, levels: Mapping[str, int]) -> Mapping[str, AssertionIssuer]:
    """Read whose assertions about officers count as a grant; arguments as ``parse_issuers``. None is nobody's.

    Raises:
        ConfigurationError: the file cannot be read, or something in it is not right.
    """
    if path is None:
        return {}
    try:
        return parse_issuers(json.loads(path.read_text(encoding="utf-8")), development=development, levels=levels)
    except OSError as err:
        raise ConfigurationError(f"{path} cannot be read.", remedy="Correct IDP_ASSERTION_ISSUERS_FILE, or its mode or owner.",
                                 debug=str(err)) from err
    except RefusedError as refused:
        raise ConfigurationError(f"{path} does not say whose assertions count.", remedy=refused.message) from refused
    except (ValueError, RecursionError) as err:
        raise ConfigurationError(f"{path} is no JSON.", remedy="docs/clients.md shows an example.", debug=str(err)) from err
