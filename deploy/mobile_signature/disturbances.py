"""What may be made to go wrong, for one number or for all of them, until it is switched off again."""

from __future__ import annotations

import re

from .store import Store

EVERYWHERE = ""

KINDS = {
    "off": "Dịch vụ ngừng: mọi yêu cầu nhận HTTP 503",
    "refuse": "Không nhận kết nối: đường truyền bị đóng ngay",
    "slow": "Chậm: chờ số giây đã ghi trước khi trả lời",
    "silent": "Im lặng: nhận yêu cầu, làm việc, không trả lời",
    "lost": "Mất câu trả lời: làm việc xong rồi cắt đường truyền",
    "cut": "Câu trả lời bị cắt giữa chừng",
    "fault": "Trả lời bằng mã lỗi đã ghi, ví dụ 209/2093",
    "duplicate": "Trả lời trùng: chữ ký được gửi lại dưới MSSP_TransID khác",
    "late": "Trả lời muộn: chữ ký đến sau khi hết giờ (số giây đã ghi)",
    "other_signature": "Chữ ký của giao dịch khác (giá trị băm khác)",
    "other_key": "Chữ ký bằng khóa của SIM khác",
    "other_profile": "Chữ ký bằng khóa kia của cùng SIM (khóa ký thay khóa đăng nhập, hoặc ngược lại)",
    "other_number": "Câu trả lời mang số thuê bao khác",
    "other_transaction": "Câu trả lời mang AP_TransID khác",
    "other_message": "Câu trả lời là thông điệp của thao tác khác",
    "garbage": "Câu trả lời không phải XML",
    "doctype": "Câu trả lời có DOCTYPE và thực thể",
    "huge": "Câu trả lời quá lớn (số MB đã ghi, mặc định 32)",
}
"""Names, and what they do; for the page."""

WITH_SECONDS = {"slow", "late"}
OF_THE_SERVICE = {"off", "refuse"}
"""Those that come before a number is known: they are never of one number."""


def active(store: Store, name: str, msisdn: str = EVERYWHERE) -> str | None:
    """Give the value of a disturbance, of this number before that of all, or None where it is off."""
    found = store.row("SELECT value FROM disturbance WHERE name = ? AND msisdn IN (?, ?) ORDER BY msisdn DESC LIMIT 1",
                      name, msisdn, EVERYWHERE)
    return None if found is None else str(found["value"])


def switch(store: Store, name: str, value: str | None, msisdn: str = EVERYWHERE) -> None:
    """Switch one on with a value, which may be empty, or off with None.

    Raises:
        ValueError: there is no such disturbance, or its value is none.
    """
    if name not in KINDS or (name in OF_THE_SERVICE and msisdn != EVERYWHERE):
        raise ValueError(f"no disturbance {name!r} here; there are {', '.join(KINDS)}")
    if value is not None:
        if name == "fault" and not re.fullmatch(r"[0-9]{3}(/[0-9]{4})?", value, re.ASCII):
            raise ValueError("fault: a code such as 209 or 209/2093")
        if (name in WITH_SECONDS or name == "huge") and not re.fullmatch(r"([0-9]{1,4}(\.[0-9]{1,3})?)?", value, re.ASCII):
            raise ValueError(f"{name}: a number")
    with store.writing() as database:
        database.execute("DELETE FROM disturbance WHERE name = ? AND msisdn = ?", (name, msisdn))
        if value is not None:
            database.execute("INSERT INTO disturbance VALUES (?, ?, ?)", (msisdn, name, value))


def clear(store: Store) -> None:
    """Switch all of them off."""
    with store.writing() as database:
        database.execute("DELETE FROM disturbance")


def switched_on(store: Store) -> list[dict[str, str]]:
    """List what is on."""
    return [dict(row) for row in store.rows("SELECT msisdn, name, value FROM disturbance ORDER BY name, msisdn")]
