"""Certificates on the security page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext

from ....authn.client_certificate import ClientCertificates
from ....authn.second_factor import Standing


class CertificatePart:
    """One row per certificate."""

    factor: Final = ClientCertificates.name

    def words(self, standing: Standing) -> dict[str, str]:
        """Name the certificate by its subject."""
        return {"name": gettext("Chứng thư số %(subject)s", subject=standing.label), "icon": "cert",
                "loss": gettext("Chứng thư số này sẽ không còn dùng được để đăng nhập. Chữ ký đã ký bằng nó không thay đổi.")}

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Lead to the page that registers one."""
        return {"label": gettext("Thêm chứng thư số"), "url": "/account/security/certificate"}
