"""Registration files: ``clients/<name>/client.toml``, read whole; ``oauth/clients/registration.py`` decides what they may say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from ..errors import ConfigurationError
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
