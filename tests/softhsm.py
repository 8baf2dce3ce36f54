"""SoftHSM in a temporary folder: PKCS #11 tokens in software, one store for this process and those that it starts."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pkcs11

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN: Final = "739201"
_SO_PIN: Final = "6502841"


class SoftHSM:
    """A store of tokens. The module reads its configuration when it is initialised, and finds the file by the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tokens"
        self.folder.mkdir(parents=True)
        self._configuration = folder / "softhsm2.conf"
        self._numbers = itertools.count(1)
        self.configure()
        os.environ["SOFTHSM2_CONF"] = str(self._configuration)

    def configure(self, mechanisms: str = "ALL") -> None:
        """Write the configuration, with the mechanisms that tokens offer."""
        self._configuration.write_text(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n"
                                       f"slots.removable = false\nslots.mechanisms = {mechanisms}\n")

    def token(self, label: str = "") -> str:
        """Make a token; gives its label."""
        label = label or f"token {next(self._numbers)}"
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", _SO_PIN],
                       check=True, capture_output=True)
        return label

    def module(self) -> pkcs11._lib_type:
        """Give the module, initialised anew: every session of this process ends, as when a token is restarted."""
        module = pkcs11.lib(str(MODULE))
        module.reinitialize()
        return module

    def take_away(self) -> None:
        """Make every token vanish, as when an HSM is switched off."""
        self.folder.rename(self.folder.with_name("away"))
        self.folder.mkdir()
        self.module()

    def bring_back(self) -> None:
        """Bring the tokens back."""
        shutil.rmtree(self.folder)
        self.folder.with_name("away").rename(self.folder)
