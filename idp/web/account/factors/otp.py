"""The authenticator app on the security page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext

from ....authn.assurance import OTP
from ....authn.second_factor import Standing


class OtpPart:
    """One app per officer."""

    factor: Final = OTP

    def words(self, standing: Standing) -> dict[str, str]:
        """Name the app."""
        return {"name": gettext("Ứng dụng tạo mã 6 số"), "icon": "phone",
                "loss": gettext("Mã của ứng dụng tạo mã trên điện thoại sẽ không còn dùng được để đăng nhập.")}

    def way_to_add(self, standings: Sequence[Standing]) -> dict[str, str] | None:
        """Lead to the page that enrols an app, or another one."""
        has = any(standing.factor == OTP for standing in standings)
        label = gettext("Đổi ứng dụng tạo mã") if has else gettext("Thêm ứng dụng tạo mã")
        return {"label": label, "url": "/account/security/app"}
