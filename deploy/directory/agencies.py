"""The agency tree of Hậu Giang in 2020, after the reorganisations of communes of 2019 and 2020: 8 district units, 75 communes.

The structure is real; the numbers behind ``H30`` are invented where no decision is public, as are the rooms' numbers and the
addresses. Codes
follow QĐ 20/2020/QĐ-TTg (``H30.11.2``); the form of QCVN 102:2016 (``000.02.11.H30``) stands beside each.
"""

from __future__ import annotations

from dataclasses import dataclass

PROVINCE = "Hậu Giang"
PROVINCE_CODE = "H30"
PROVINCE_OFFICE = "H30.1"
INFORMATION_DEPARTMENT = "H30.11"
INSPECTORATE = "H30.17"
LONG_NAMED_AGENCY = "H30.20"
LONG_MY_TOWN = "H30.23"
LONG_MY_DISTRICT = "H30.24"


@dataclass(frozen=True)
class Agency:
    """One unit of the tree.

    Attributes:
        code: Form of 2020.
        kind: province | department | room | district | commune.
        short: For lists and mail, for example ``Sở TT&TT``.
        street: House and street; empty for communes, and for rooms, which are where their agency is.
        locality: Town or district, and the commune before it; empty for rooms.
    """

    code: str
    name: str
    kind: str
    short: str = ""
    street: str = ""
    locality: str = ""

    @property
    def code_2016(self) -> str:
        """The form of 2016: level 4 (three digits), 3, 2 (two digits each), then the province, read from right to left."""
        numbers = [int(part) for part in self.code.split(".")[1:]] + [0, 0, 0]
        return f"{numbers[2]:03}.{numbers[1]:02}.{numbers[0]:02}.{PROVINCE_CODE}"

    @property
    def parent_code(self) -> str:
        """Code of the unit above; empty for the province."""
        return self.code.rpartition(".")[0]


DEPARTMENTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Văn phòng Ủy ban nhân dân tỉnh", "VP UBND tỉnh",
     ("Phòng Hành chính - Tổ chức", "Phòng Tổng hợp", "Phòng Nội chính", "Trung tâm Phục vụ hành chính công")),
    ("Sở Nội vụ", "Sở Nội vụ", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Công chức, viên chức", "Chi cục Văn thư - Lưu trữ")),
    ("Sở Tư pháp", "Sở Tư pháp", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Hành chính tư pháp")),
    ("Sở Kế hoạch và Đầu tư", "Sở KH&ĐT", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Đăng ký kinh doanh")),
    ("Sở Tài chính", "Sở Tài chính", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Quản lý ngân sách")),
    ("Sở Công Thương", "Sở Công Thương", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Kế hoạch - Tài chính")),
    ("Sở Nông nghiệp và Phát triển nông thôn", "Sở NN&PTNT",
     ("Văn phòng Sở", "Thanh tra Sở", "Chi cục Thủy lợi", "Chi cục Trồng trọt và Bảo vệ thực vật")),
    ("Sở Giao thông vận tải", "Sở GTVT", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Quản lý vận tải")),
    ("Sở Xây dựng", "Sở Xây dựng", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Quy hoạch - Kiến trúc")),
    ("Sở Tài nguyên và Môi trường", "Sở TN&MT",
     ("Văn phòng Sở", "Thanh tra Sở", "Chi cục Quản lý đất đai", "Văn phòng Đăng ký đất đai")),
    ("Sở Thông tin và Truyền thông", "Sở TT&TT",
     ("Văn phòng Sở", "Thanh tra Sở", "Phòng Công nghệ thông tin", "Trung tâm Công nghệ thông tin và Truyền thông")),
    ("Sở Lao động - Thương binh và Xã hội", "Sở LĐ-TB&XH", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Người có công")),
    ("Sở Văn hóa, Thể thao và Du lịch", "Sở VHTT&DL", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Quản lý văn hóa")),
    ("Sở Khoa học và Công nghệ", "Sở KH&CN", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Quản lý khoa học")),
    ("Sở Giáo dục và Đào tạo", "Sở GD&ĐT", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Kế hoạch - Tài chính")),
    ("Sở Y tế", "Sở Y tế", ("Văn phòng Sở", "Thanh tra Sở", "Phòng Nghiệp vụ y dược")),
    ("Thanh tra tỉnh", "Thanh tra tỉnh", ("Văn phòng", "Phòng Nghiệp vụ 1", "Phòng Giám sát, kiểm tra và xử lý sau thanh tra")),
    ("Ban Dân tộc", "Ban Dân tộc", ("Văn phòng", "Thanh tra Ban")),
    ("Ban Quản lý các khu công nghiệp tỉnh", "BQL các KCN", ("Văn phòng", "Phòng Quản lý đầu tư")),
    ("Ban Quản lý dự án đầu tư xây dựng công trình dân dụng và công nghiệp tỉnh", "BQLDA DD&CN",
     ("Phòng Hành chính - Tổng hợp", "Phòng Kỹ thuật - Thẩm định")),
)
"""Level 2 in the order of their numbers: name, short name, rooms."""

_ROOMS = ("Văn phòng Hội đồng nhân dân và Ủy ban nhân dân", "Phòng Nội vụ", "Phòng Tư pháp", "Phòng Tài chính - Kế hoạch",
          "Phòng Tài nguyên và Môi trường", "Phòng Lao động - Thương binh và Xã hội", "Phòng Văn hóa và Thông tin",
          "Phòng Giáo dục và Đào tạo", "Phòng Y tế", "Thanh tra")
TOWN_ROOMS = (*_ROOMS, "Phòng Kinh tế", "Phòng Quản lý đô thị")
DISTRICT_ROOMS = (*_ROOMS, "Phòng Nông nghiệp và Phát triển nông thôn", "Phòng Kinh tế và Hạ tầng")

DISTRICTS: tuple[tuple[str, str], ...] = (
    ("thành phố Vị Thanh",
     "phường I, phường III, phường IV, phường V, phường VII, xã Hỏa Lựu, xã Hỏa Tiến, xã Tân Tiến, xã Vị Tân"),
    ("thành phố Ngã Bảy",
     "phường Hiệp Lợi, phường Hiệp Thành, phường Lái Hiếu, phường Ngã Bảy, xã Đại Thành, xã Tân Thành"),
    ("thị xã Long Mỹ",
     "phường Bình Thạnh, phường Thuận An, phường Trà Lồng, phường Vĩnh Tường, xã Long Bình, xã Long Phú, xã Long Trị, "
     "xã Long Trị A, xã Tân Phú"),
    ("huyện Long Mỹ",
     "thị trấn Vĩnh Viễn, xã Lương Nghĩa, xã Lương Tâm, xã Thuận Hòa, xã Thuận Hưng, xã Vĩnh Thuận Đông, xã Vĩnh Viễn A, "
     "xã Xà Phiên"),
    ("huyện Châu Thành",
     "thị trấn Ngã Sáu, thị trấn Mái Dầm, xã Đông Phú, xã Đông Phước, xã Đông Phước A, xã Đông Thạnh, xã Phú Hữu, xã Phú Tân"),
    ("huyện Châu Thành A",
     "thị trấn Một Ngàn, thị trấn Bảy Ngàn, thị trấn Cái Tắc, thị trấn Rạch Gòi, xã Nhơn Nghĩa A, xã Tân Hòa, "
     "xã Tân Phú Thạnh, xã Thạnh Xuân, xã Trường Long A, xã Trường Long Tây"),
    ("huyện Phụng Hiệp",
     "thị trấn Búng Tàu, thị trấn Cây Dương, thị trấn Kinh Cùng, xã Bình Thành, xã Hiệp Hưng, xã Hòa An, xã Hòa Mỹ, "
     "xã Long Thạnh, xã Phụng Hiệp, xã Phương Bình, xã Phương Phú, xã Tân Bình, xã Tân Long, xã Tân Phước Hưng, xã Thạnh Hòa"),
    ("huyện Vị Thủy",
     "thị trấn Nàng Mau, xã Vị Bình, xã Vị Đông, xã Vị Thanh, xã Vị Thắng, xã Vị Thủy, xã Vị Trung, xã Vĩnh Thuận Tây, "
     "xã Vĩnh Trung, xã Vĩnh Tường"),
)
"""District units and their communes; numbered after the departments."""

FIRST_COMMUNE_NUMBER = 51
"""Communes begin here, so that rooms of a district may grow."""


def agency_tree() -> tuple[Agency, ...]:
    """Give every unit, each after the one above it."""
    capital = DISTRICTS[0][0]
    tree = [Agency(PROVINCE_CODE, "Ủy ban nhân dân tỉnh Hậu Giang", "province", "UBND tỉnh", "Số 1 đường Mẫu", capital)]
    for number, (name, short, rooms) in enumerate(DEPARTMENTS, start=1):
        code = f"{PROVINCE_CODE}.{number}"
        tree.append(Agency(code, name, "department", short, f"Số {2 * number + 1} đường Mẫu", capital))
        tree += [Agency(f"{code}.{n}", room, "room", f"{room}, {short}") for n, room in enumerate(rooms, start=1)]
    for number, (district, communes) in enumerate(DISTRICTS, start=len(DEPARTMENTS) + 1):
        code = f"{PROVINCE_CODE}.{number}"
        tree.append(Agency(code, f"Ủy ban nhân dân {district}", "district", f"UBND {district}", "Số 1 đường Thử", district))
        rooms = DISTRICT_ROOMS if district.startswith("huyện") else TOWN_ROOMS
        tree += [Agency(f"{code}.{n}", room, "room", f"{room}, {district}") for n, room in enumerate(rooms, start=1)]
        tree += [Agency(f"{code}.{n}", f"Ủy ban nhân dân {commune}", "commune", f"UBND {commune}",
                        locality=f"{commune}, {district}")
                 for n, commune in enumerate(communes.split(", "), start=FIRST_COMMUNE_NUMBER)]
    return tuple(tree)
