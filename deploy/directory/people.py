"""Who works where: 400 invented officers, the demo accounts and the hard cases among them.

Names are built from words that mean "sample", identity numbers have an obviously made-up tail, and telephone numbers come
from blocks that no carrier holds, so that nothing here can be taken for a real person.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from .agencies import INFORMATION_DEPARTMENT, INSPECTORATE, LONG_NAMED_AGENCY, PROVINCE_OFFICE, Agency, agency_tree

HOW_MANY = 400
MAIL_DOMAIN = "haugiang.gov.vn"
DISABLED, MUST_CHANGE = "disabled", "must_change"

GROUPS = {
    "lanhdao": "Lãnh đạo ký số",
    "vanthu": "Văn thư, giữ con dấu số của cơ quan",
    "quantri-tinh": "Quản trị tỉnh",
    "quantri-coquan": "Quản trị cơ quan",
    "kiemtoan": "Kiểm toán, chỉ đọc",
    "dangky-chungthu": "Đăng ký chứng thư số cho cơ quan",
    "vanthu-thietbi": "Văn thư, giữ hồ sơ và thiết bị ký số",
    "hotro-nguoidung": "Hỗ trợ người dùng",
}
"""Groups by name, with what they are for."""

MAILBOXES = (("vanphong.sotttt", "Văn phòng Sở Thông tin và Truyền thông", INFORMATION_DEPARTMENT),
             ("motcua", "Bộ phận Một cửa", PROVINCE_OFFICE))
"""Mailboxes of offices: entries like a person's, with a password, that are nobody. Their login name, name and agency."""


@dataclass
class Person:
    """One officer.

    Attributes:
        name: Full name, family name first.
        posts: Agency code and title, the main post first.
        last_days: Of acting posts, by their place: the last day, YYYYMMDD.
        mail: Official mailbox; None for who has none yet.
        mobiles: SIMs, E.123.
        state: Empty, ``disabled`` or ``must_change``.
        decomposed: The directory holds this name in NFD, as an import from another system left it.
        guest: What kind of guest this is; empty for the province's own people.
        sponsor: uid of who answers for a guest.
        last_day: Of the account, YYYYMMDD.
    """

    uid: str
    name: str
    posts: list[tuple[str, str]]
    groups: set[str] = field(default_factory=set)
    mail: str | None = ""
    phone: str = ""
    mobiles: tuple[str, ...] = ()
    citizen_id: str = ""
    employee_number: str = ""
    state: str = ""
    decomposed: bool = False
    last_days: dict[int, str] = field(default_factory=dict)
    guest: str = ""
    sponsor: str = ""
    last_day: str = ""


def demo_accounts() -> list[Person]:
    """The accounts that the documentation names; all with the same password."""
    it = INFORMATION_DEPARTMENT
    return [
        Person("canbo", "Nguyễn Văn Mẫu", [(PROVINCE_OFFICE, "Chuyên viên")]),
        Person("vanthu", "Trần Thị Ví Dụ", [(it, "Văn thư")], {"vanthu"}),
        Person("lanhdao", "Phạm Văn Minh Họa", [(it, "Giám đốc")], {"lanhdao"}),
        Person("quantri.coquan", "Lê Thị Thử", [(it, "Chuyên viên, quản trị cơ quan")], {"quantri-coquan"},
               phone="+84 293 000 0001"),
        Person("quantri", "Võ Văn Làm Mẫu", [(f"{it}.4", "Quản trị hệ thống")], {"quantri-tinh"}),
        Person("pheduyet", "Đặng Thị Thử Nghiệm", [(f"{it}.3", "Trưởng phòng")], {"quantri-tinh"}),
        Person("kiemtoan", "Ngô Văn Thí Dụ", [(INSPECTORATE, "Thanh tra viên")], {"kiemtoan"}),
        Person("nghiviec", "Huỳnh Văn Nghỉ Việc", [(PROVINCE_OFFICE, "Chuyên viên")], state=DISABLED),
        Person("doimatkhau", "Bùi Thị Đổi Mật Khẩu", [(PROVINCE_OFFICE, "Chuyên viên")], state=MUST_CHANGE),
        Person("dangky", "Phan Thị Ghi Mẫu", [(it, "Chuyên viên, đăng ký chứng thư số")], {"dangky-chungthu"}),
        Person("thietbi", "Trương Văn Giữ Mẫu", [(it, "Văn thư, giữ thiết bị ký số")], {"vanthu-thietbi"}),
        Person("hotro", "Hồ Thị Giúp Mẫu", [(it, "Chuyên viên hỗ trợ người dùng")], {"hotro-nguoidung"}),
        Person("uyquyen", "Đỗ Văn Thay Mẫu", [(f"{it}.4", "Phó Giám đốc Trung tâm")]),
    ]


def hard_cases() -> list[Person]:
    """Officers that break programs which assume too much; each uid says what it is about."""
    return [
        Person("trungten", "Nguyễn Văn Trùng Tên", [("H30.16", "Chuyên viên")]),
        Person("trungten2", "Nguyễn Văn Trùng Tên", [("H30.16", "Chuyên viên")]),
        Person("haichucvu", "Lý Thị Hai Chức Vụ", [("H30.10", "Phó Giám đốc"), ("H30.10.4", "Giám đốc Văn phòng")], {"lanhdao"}),
        Person("haisim", "Hồ Văn Hai Sim", [(f"{INFORMATION_DEPARTMENT}.3", "Phó Trưởng phòng")],
               mobiles=("+84 990 000 901", "+84 990 000 902")),
        Person("khonghopthu", "Trương Thị Không Hộp Thư", [("H30.24.52", "Công chức Văn phòng - Thống kê")], mail=None),
        Person("coquandai", "Phan Văn Tên Dài", [(LONG_NAMED_AGENCY, "Chuyên viên")]),
        Person("dangnfd", "Đặng Thị Hằng Thử", [("H30.23", "Chuyên viên")], decomposed=True),
        Person("dinhdu", "Đinh Đức Đủ", [("H30.24", "Chuyên viên")]),
        Person("ut", "Út", [("H30.18", "Chuyên viên")]),
        Person("cmndcu", "Thạch Thị Số Cũ", [("H30.18", "Chuyên viên")], citizen_id="360000001"),
        Person("quyengiamdoc", "Lâm Thị Quyền Giám Đốc", [("H30.7", "Phó Giám đốc"), ("H30.8", "Quyền Giám đốc")],
               last_days={1: "20981231"}),
        Person("hetquyen", "Mai Văn Hết Quyền", [("H30.7", "Quyền Giám đốc"), ("H30.8", "Phó Giám đốc")],
               last_days={0: "20230630"}),
        Person("nhathau", "Dương Thị Nhà Thầu", [(f"{INFORMATION_DEPARTMENT}.4", "Kỹ sư nhà thầu")], {"vanthu"},
               guest="contractor", sponsor="lanhdao", last_day="20981231"),
        Person("thuctap", "Đoàn Văn Thực Tập", [(f"{INFORMATION_DEPARTMENT}.4", "Sinh viên thực tập")], guest="intern",
               sponsor="vanthu", last_day="20230630"),
    ]


FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Phan", "Trương", "Bùi", "Đặng", "Đỗ", "Ngô", "Hồ", "Dương", "Đinh",
            "Lý", "Đoàn", "Lâm", "Mai", "Danh")
MIDDLES = ("Văn", "Thị", "Hữu", "Ngọc", "Minh", "Thanh", "Quốc", "Kim", "Hoàng", "Mỹ")
GIVENS = ("Mẫu", "Thử", "Ví Dụ", "Thí Dụ", "Giả Định", "Minh Họa", "Mẫu Thử", "Làm Mẫu", "Thử Nghiệm", "Tập Dượt", "Diễn Tập",
          "Điển Hình", "Đơn Cử", "Nháp", "Mô Phỏng", "Đóng Vai")


def staff(seed: int) -> list[Person]:
    """Give all officers of the province, always the same for the same seed."""
    chance = random.Random(seed)
    people = demo_accounts() + hard_cases()
    taken = {person.uid for person in people}
    names = _names(chance)
    filled = {(code, title) for person in people for code, title in person.posts}
    agencies = agency_tree()

    def hire(code: str, title: str, *groups: str) -> None:
        name = next(names)
        uid = _free_uid(name, taken)
        taken.add(uid)
        people.append(Person(uid, name, [(code, title)], set(groups)))

    for agency in agencies:
        for title, groups in _posts_of(agency):
            if (agency.code, title) not in filled and not (agency.code == INFORMATION_DEPARTMENT and "quantri-coquan" in groups):
                hire(agency.code, title, *groups)
    offices = [agency.code for agency in agencies if agency.kind == "room"]
    while len(people) < HOW_MANY:
        hire(chance.choice(offices), "Chuyên viên")
    for number, person in enumerate(people, start=1):
        _complete(person, number)
    return people


def _posts_of(agency: Agency) -> list[tuple[str, tuple[str, ...]]]:
    """Titles that an agency of this kind always has, with the groups that come with them."""
    if agency.kind == "province":
        return [("Chủ tịch", ("lanhdao",)), ("Phó Chủ tịch", ("lanhdao",))]
    if agency.kind == "commune":
        return [("Chủ tịch", ("lanhdao",)), ("Công chức Văn phòng - Thống kê", ("vanthu",))]
    if agency.kind in {"department", "district"}:
        heads = {"Ủy": "Chủ tịch", "Văn": "Chánh Văn phòng", "Thanh": "Chánh Thanh tra", "Ban": "Trưởng ban", "Sở": "Giám đốc"}
        head = heads[agency.name.split()[0]]
        return [(head, ("lanhdao",)), ("Văn thư", ("vanthu",)), ("Chuyên viên, quản trị cơ quan", ("quantri-coquan",))]
    return [("Trưởng phòng", ())] if agency.code.rpartition(".")[2] in {"1", "2", "3"} and agency.name.startswith("Phòng") else []


def _names(chance: random.Random) -> Iterator[str]:
    """Every combination once, shuffled."""
    everything = [f"{family} {middle} {given}" for family in FAMILIES for middle in MIDDLES for given in GIVENS]
    chance.shuffle(everything)
    used = {person.name for person in demo_accounts() + hard_cases()}
    return iter([name for name in everything if name not in used])


def _free_uid(name: str, taken: set[str]) -> str:
    """Initials of all but the given name, then the given name, all unaccented; numbered when somebody has it."""
    words = plain(name).split()
    stem = "".join(word[0] for word in words[:2]) + "".join(words[2:])
    number = 1
    while (uid := stem + (str(number) if number > 1 else "")) in taken:
        number += 1
    return uid


def plain(text: str) -> str:
    """Lower case without marks; đ as d."""
    folded = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in folded if not unicodedata.combining(c))


def _complete(person: Person, number: int) -> None:
    if person.mail == "":
        person.mail = f"{person.uid}@{MAIL_DOMAIN}"
    person.phone = person.phone or f"+84 293 000 {number + 1000:04}"
    person.mobiles = person.mobiles or (f"+84 990 000 {number:03}",)
    person.citizen_id = person.citizen_id or f"093000{number:06}"
    person.employee_number = f"HG{number:05}"
