"""The pages of the phones: what a SIM shows, in Vietnamese, and what the person at the phone can do.

Pages load themselves again (``meta refresh``), except where somebody is typing a PIN: that page does so when the time is over.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from . import disturbances
from .hands import ACTS
from .phones import Phones
from .requests import LOGIN
from .store import Store

DONE = {
    "signed": "Đã ký.", "cancelled": "Đã từ chối.", "postponed": "Đã để lại sau.",
    "ignored": "Đã bỏ qua: điện thoại không trả lời.",
    "wrong_pin": "Sai PIN: yêu cầu đã kết thúc.", "pin_blocked": "Sai PIN lần thứ ba: PIN đã bị khóa.",
    "unblocked": "Đã mở khóa PIN.",
    "wrong_puk": "Sai PUK.", "the_card_is_blocked": "SIM đã bị khóa hẳn.", "a_pin_has_to_digits": "PIN có từ 4 đến 8 chữ số.",
    "nothing_is_shown": "Điện thoại không có yêu cầu nào.",
    "no_pin": "Vui lòng nhập PIN của SIM: 4 đến 8 chữ số. Lần này không tính là một lần thử.",
    "its_time_is_over": "Yêu cầu đã hết giờ.", "swapped": "Đã thay SIM mới.",
    "block_pin": "PIN đã bị khóa.", "revoke": "Chứng thư số đã bị thu hồi.", "restore": "Chứng thư số có hiệu lực trở lại.",
    "unreachable": "Điện thoại đã tắt.", "reachable": "Điện thoại đã bật.", "automatic": "Điện thoại tự trả lời.",
    "by_hand": "Điện thoại chờ người trả lời.", "forget": "Số này chưa đăng ký nữa.",
}
KEYS = {"rsa-2048": "RSA 2048", "rsa-3072": "RSA 3072", "rsa-2048-pss": "RSA 2048, PSS", "p-256": "ECDSA P-256"}
HOW = {"accept": "đồng ý", "cancel": "từ chối", "postpone": "để sau", "ignore": "bỏ qua", "wrong_pin": "sai PIN"}
STATES = {"waiting": "đang chờ", "signed": "đã ký", "ended": "đã kết thúc", "expired": "hết giờ"}
RESULTS = {4011: "từ chối", 4012: "sai PIN", 4013: "để sau", 4021: "PIN bị khóa", 4031: "SIM bị khóa", 2082: "hết giờ",
           2092: "SIM đã thay", 2093: "không liên lạc được"}


class Pages:
    """Makes pages.

    Args:
        phones: What is shown.
        store: Where disturbances are kept.
        token: Put into every form.
        now: Gives the time, in seconds since 1970.
    """

    def __init__(self, phones: Phones, store: Store, token: str, now: Callable[[], float] = time.time) -> None:
        self._phones, self._store, self._token, self._now = phones, store, token, now

    def phones(self) -> str:
        """Make the list."""
        return self._page("phones.html", phones=self._phones.every(), refresh=3, on=disturbances.switched_on(self._store))

    def phone(self, msisdn: str, done: str = "") -> str | None:
        """Make the page of one, with what it shows, or give None where there is no such phone."""
        phone = self._phones.one(msisdn)
        if phone is None:
            return None
        shown = phone["shows"]
        left = 0 if shown is None else max(0, math.ceil(shown["deadline"] - self._now()))
        # Without the word of what was done before, else it would stand there for ever.
        return self._page("phone.html", phone=phone, left=left, done=DONE.get(done, ""), again=f"/phones/{msisdn}",
                          refresh=2 if shown is None else left + 1 if left else 30)

    def sim(self, msisdn: str, done: str = "") -> str | None:
        """Make the page of the SIM in one, or give None; it stays as it is, since there is much to type."""
        phone = self._phones.one(msisdn)
        return None if phone is None else self._page("sim.html", phone=phone, done=DONE.get(done, ""), acts=ACTS)

    def disturbances(self) -> str:
        """Make the page of what can go wrong."""
        return self._page("faults.html", kinds=disturbances.KINDS, on=disturbances.switched_on(self._store),
                          numbers=[phone["msisdn"] for phone in self._phones.every()])

    def problem(self, text: str) -> str:
        """Make a page that says what is wrong."""
        return self._page("problem.html", text=text)

    def _page(self, name: str, **values: Any) -> str:
        return str(_templates().get_template(name).render(form_token=self._token, **values))


@functools.cache
def _templates() -> Any:
    # Loaded with the first page: the service is there before anybody looks at a phone.
    import jinja2

    found = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
                               trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    found.filters["number"] = lambda digits: f"+{digits[:2]} {digits[2:5]} {digits[5:8]} {digits[8:]}"
    found.filters["clock"] = lambda moment: datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")
    found.globals.update(KEYS=KEYS, HOW=HOW, STATES=STATES, RESULTS=RESULTS, KINDS=disturbances.KINDS, LOGIN=LOGIN)
    return found
