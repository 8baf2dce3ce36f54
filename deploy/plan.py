"""Where one run of the sample province stands, and what it listens on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORT, LDAP_PORT, MSSP_PORT = 8000, 3890, 8090

APPLICATIONS = {"qlvb": "Hệ thống Quản lý văn bản", "cong-thong-tin": "Cổng thông tin điện tử"}
"""Sample applications in the order of their ports, which follow the provider's."""


@dataclass(frozen=True)
class Plan:
    """Where one run stands and what it listens on.

    Attributes:
        folder: Database, directory, logs, ``idp.toml``; ``var/`` of the checkout for ``make run``.
        keys: Private keys and client secrets.
        port: The provider's; the applications take the next two unless ``application_ports`` names others.
        ldap_port: The sample directory's; ldaps takes the next one.
        mssp_port: Of the simulated phones; the mobile signature service takes the next one. None: without them.
        workers: Processes of the provider.
        settings: Settings beyond those made here, by their names in idp.toml; they win.
    """

    folder: Path = ROOT / "var"
    keys: Path = ROOT / "keys"
    port: int = PORT
    application_ports: tuple[int, ...] = ()
    ldap_port: int = LDAP_PORT
    mssp_port: int | None = None
    workers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> dict[str, int]:
        """Port of each sample application."""
        chosen = self.application_ports or tuple(self.port + 1 + number for number in range(len(APPLICATIONS)))
        return dict(zip(APPLICATIONS, chosen, strict=True))

    @property
    def mssp_ports(self) -> tuple[int, ...]:
        """Ports of the phones and of the mobile signature service; none where they are not run."""
        return () if self.mssp_port is None else (self.mssp_port, self.mssp_port + 1)

    @property
    def issuer(self) -> str:
        """The issuer identifier of this run."""
        return self.settings.get("issuer", f"http://localhost:{self.port}")

    @property
    def url(self) -> str:
        """Where the provider listens."""
        return f"http://localhost:{self.port}"
