"""The lists, as data: which columns each has, what agencies call them, and what makes two rows the same.

Sources: Decree 68/2024 (Mẫu 01-09, numbers 01 to 06 are lists), the working sheets of provinces (columns of persons and of
agencies). Names are the files' own: ``mau01_ca_nhan`` and so on. A heading is matched without accents, case and punctuation, and
words in brackets do not count; further names of a column are those that were seen in real lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from . import Cell, Flaw
from .cells import (
    CellError,
    Read,
    certificate,
    chosen,
    day,
    device_serial,
    entry,
    folded,
    iccid,
    identity_number,
    mail,
    phone,
    plain,
    serial,
    tax_code,
    text,
    unit_code,
)

ReadAll = Callable[[Cell], Mapping[str, str]]
"""Gives the values, by key, of a cell that holds several."""

DEVICES: Final[Mapping[str, str]] = {
    "token": "Token|usb token|pki token|thiet bi token", "sim": "SIM|sim pki|sim ky so", "hsm": "HSM|thiet bi hsm"}
STANDINGS: Final[Mapping[str, str]] = {
    "in_stock": "Trong kho|ton kho", "handed_over": "Đã bàn giao|dang su dung", "return_due": "Chờ trả|phai tra",
    "returned": "Đã trả|da thu hoi", "lost": "Đã mất|mat"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list.

    Attributes:
        key: Name of its value.
        heading: As it is written.
        read: Takes a cell for what it means; None for a running number, which means nothing.
        aliases: Other headings, without accents.
        required: Whether a row without it is refused.
        past: A day that cannot lie ahead.
        personal: Identity numbers, days of birth and phones: exports that are not for the issuer leave or mask them.
        hidden: Ours: written into lists that come from here, not asked of anybody.
        spare: Read where a list has it, never written: lists of ours keep it in another column.
        holds: A cell of several values; takes the place of ``read``.
        choices: By value, the words for it, separated by ``|``, the one that is written first; takes the place of ``read``.
    """

    key: str
    heading: str
    read: Read | None = None
    aliases: tuple[str, ...] = ()
    required: bool = False
    past: bool = False
    personal: bool = False
    hidden: bool = False
    spare: bool = False
    holds: ReadAll | None = None
    choices: Mapping[str, str] = field(default_factory=dict)

    def taken(self, cell: Cell) -> Mapping[str, str]:
        """Give the values of a cell that is not empty.

        Raises:
            CellError: With what is wrong.
        """
        if self.holds is not None:
            return self.holds(cell)
        read = chosen(self.choices) if self.choices else self.read
        return {self.key: read(cell)} if read is not None else {}


@dataclass(frozen=True, slots=True)
class Form:
    """A list.

    Attributes:
        name: Of its file.
        title: What it is called.
        columns: In the order in which they are written.
        same: Keys that say whether two rows are the same: the first of them that both rows have.
        alone: Of several rows with the same key all but the first are refused.
        orders: Pairs of keys of days of which the first comes before the second.
        one_of: Keys of which a row needs at least one.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    same: tuple[str, ...]
    orders: tuple[tuple[str, str], ...] = ()
    one_of: tuple[str, ...] = ()

    def column(self, key: str) -> Column:
        """Give a column by its key; KeyError when there is none."""
        return {column.key: column for column in self.columns}[key]


def carrier(cell: Cell) -> str:
    """Read a carrier: one of ``CARRIERS`` by what people call it, any other by its name."""
    found = text(32)(cell)
    return next((name for name, words in CARRIERS.items() if folded(found) in {name, *map(folded, words.split("|"))}), found)


def identity_card(cell: Cell) -> Mapping[str, str]:
    """Read ``number; day of issue; place of issue`` out of one cell; the number alone will do."""
    number, *rest = (part.strip() for part in plain(cell).split(";")) if isinstance(cell, str) else (cell,)
    found = {"identity_number": identity_number(number)}
    if len(rest) > 2:
        raise CellError(Flaw.NOT_AN_IDENTITY_NUMBER)
    if rest and rest[0]:
        found["identity_issued_on"] = day(rest[0])
    if len(rest) > 1 and rest[1]:
        found["identity_issued_by"] = text(100)(rest[1])
    return found


_RUNNING = Column("", "STT", aliases=("tt", "so tt", "so thu tu"))
_NAME = Column("name", "Họ và tên", text(100), ("ho ten", "ten", "hoten", "ho va ten can bo"), required=True)
_MAIL = Column("mail", "Địa chỉ thư điện tử công vụ", mail,
               ("thu dien tu cong vu", "thu cong vu", "email", "email cong vu", "mail", "thu dien tu", "dia chi email"),
               required=True)
_PHONE = Column("phone", "Số điện thoại di động", phone,
                ("so dien thoai", "dien thoai", "sdt", "di dong", "so di dong", "msisdn"), personal=True)
_PROVINCE = Column("province", "Tỉnh/Thành phố", text(64), ("tinh thanh pho", "tinh", "tinh tp"))
_UNIT = Column("unit_code", "Mã đơn vị", unit_code, ("ma don vi", "ma dinh danh", "ma co quan"), hidden=True)
_ENTRY = Column("entry_uuid", "Mã trong danh bạ", entry, ("entry uuid", "entryuuid"), hidden=True)
_SERIAL = Column("serial", "Số hiệu chứng thư", serial,
                 ("so hieu chung thu so", "so chung thu so", "serial", "so serial", "so hieu chung thu cu",
                  "so hieu chung thu moi"), required=True)
_DEVICE = Column("device_serial", "Số hiệu thiết bị", device_serial,
                 ("so hieu thiet bi luu khoa bi mat", "so hieu token", "so seri thiet bi", "so serial thiet bi"))
CARRIERS: Final = {"viettel": "Viettel", "vinaphone": "VinaPhone|vina phone|vnpt|vina", "mobifone": "MobiFone|mobi fone|mobi"}
"""What people call the great carriers; how each is called here is for who reads the list to say."""
_ICCID = Column("iccid", "Số ICCID của SIM", iccid, ("iccid", "so iccid", "so seri sim", "so serial sim", "so sim"))

REASONS: Final = {
    "key_compromise": "Lộ hoặc nghi lộ khóa bí mật|lo khoa|lo khoa bi mat|nghi lo khoa",
    "device_lost": "Mất thiết bị|mat thiet bi|that lac|mat sim|mat token",
    "affiliation_changed": "Chuyển công tác|chuyen cong tac|dieu dong|thay doi don vi",
    "cessation": "Nghỉ hưu, thôi việc|nghi huu|thoi viec|nghi viec|nghi huu thoi viec",
    "superseded": "Thay chứng thư mới|thay the|cap lai|thay chung thu moi",
    "agency_dissolved": "Đơn vị giải thể, sáp nhập|giai the|sap nhap|hop nhat",
}
"""Why a certificate is withdrawn, and the words for it."""

FORMS: Final[Mapping[str, Form]] = {form.name: form for form in (
    Form("mau01_ca_nhan", "Mẫu 01. Danh sách cán bộ đề nghị cấp chứng thư số", (
        _RUNNING,
        _NAME,
        Column("birth_date", "Ngày sinh", day, ("ngay thang nam sinh", "nam sinh", "sinh ngay"), required=True, past=True,
               personal=True),
        Column("identity_number", "Số CMND/CCCD/Hộ chiếu; ngày cấp; nơi cấp",
               aliases=("so cmnd cccd ho chieu", "cmnd cccd ho chieu", "so cmnd cccd", "cmnd cccd", "cccd", "cmnd", "so cccd",
                        "so cmnd", "so dinh danh", "so dinh danh ca nhan", "so can cuoc"),
               required=True, personal=True, holds=identity_card),
        Column("identity_issued_on", "Ngày cấp", day, ("ngay cap cccd", "ngay cap cmnd"), past=True, personal=True, spare=True),
        Column("identity_issued_by", "Nơi cấp", text(100), ("noi cap cccd", "noi cap cmnd"), personal=True, spare=True),
        _MAIL,
        Column("unit_name", "Tên cơ quan, tổ chức công tác", text(200),
               ("co quan to chuc cong tac", "co quan cong tac", "don vi cong tac", "co quan", "don vi", "ten co quan",
                "ten don vi"), required=True),
        _PROVINCE,
        Column("title", "Chức vụ", text(100), ("chuc danh", "chuc vu chuc danh"), required=True),
        _PHONE,
        Column("old_serial", "Số hiệu chứng thư cũ (nếu có)", serial,
               ("so hieu chung thu so cu", "so hieu chung thu cu", "chung thu cu")),
        Column("sim_pki", "SIM PKI", aliases=("sim", "sim ky so", "dang ky sim pki"),
               choices={"yes": "x|có|1|true|sim", "no": "không|0|false"}),
        _UNIT,
        _ENTRY,
    ), same=("entry_uuid", "identity_number", "mail"), orders=(("birth_date", "identity_issued_on"),)),
    Form("mau02_co_quan", "Mẫu 02. Danh sách cơ quan, tổ chức đề nghị cấp chứng thư số", (
        _RUNNING,
        Column("unit_name", "Tên cơ quan, tổ chức", text(200), ("ten co quan", "ten don vi", "co quan", "don vi"),
               required=True),
        Column("address", "Địa chỉ", text(200), ("dia chi co quan", "tru so"), required=True),
        Column("tax_code", "Mã số thuế", tax_code, ("mst",)),
        Column("budget_code", "Mã quan hệ ngân sách", tax_code, ("ma qhns", "mqhns", "ma ngan sach")),
        _PROVINCE,
        _MAIL,
        _UNIT,
    ), same=("unit_code", "mail"), one_of=("tax_code", "budget_code")),
    Form("mau04_gia_han_thay_doi", "Mẫu 04. Danh sách đề nghị gia hạn, thay đổi nội dung chứng thư số", (
        _RUNNING,
        Column("name", "Họ và tên", text(200), ("ho ten", "ten", "ten thue bao", "ten co quan"), required=True),
        _MAIL,
        _SERIAL,
        Column("act", "Nội dung đề nghị", aliases=("loai de nghi", "de nghi", "noi dung"), required=True,
               choices={"renew": "Gia hạn", "change": "Thay đổi nội dung|thay doi"}),
        Column("old_value", "Thông tin cũ", text(200), ("noi dung cu", "gia tri cu")),
        Column("new_value", "Thông tin mới", text(200), ("noi dung moi", "gia tri moi", "noi dung thay doi")),
        _ENTRY,
    ), same=("serial",)),
    Form("mau05_thu_hoi", "Mẫu 05. Danh sách đề nghị thu hồi chứng thư số", (
        _RUNNING,
        Column("name", "Họ và tên", text(200), ("ho ten", "ten", "ten thue bao", "ten co quan"), required=True),
        _MAIL,
        _SERIAL,
        Column("reason", "Lý do thu hồi", aliases=("ly do", "nguyen nhan"), required=True, choices=REASONS),
        Column("on", "Ngày đề nghị thu hồi", day, ("ngay thu hoi", "thoi diem thu hoi", "ngay"), required=True),
        _ENTRY,
    ), same=("serial",)),
    Form("mau06_khoi_phuc", "Mẫu 06. Danh sách đề nghị khôi phục thiết bị lưu khóa bí mật", (
        _RUNNING,
        Column("name", "Họ và tên", text(200), ("ho ten", "ten", "ten thue bao"), required=True),
        _MAIL,
        Column("device_serial", _DEVICE.heading, device_serial, _DEVICE.aliases, required=True),
        Column("phone", _PHONE.heading, phone, _PHONE.aliases, required=True, personal=True),
    ), same=("device_serial",)),
    Form("sim_dang_ky", "Danh sách đăng ký SIM ký số", (
        _RUNNING,
        _NAME,
        _MAIL,
        Column("phone", _PHONE.heading, phone, _PHONE.aliases, required=True, personal=True),
        Column("carrier", "Nhà mạng", carrier, ("mang", "ten nha mang", "doanh nghiep vien thong"), required=True),
        _ICCID,
        Column("owner_match", "Chính chủ", aliases=("sim chinh chu", "thue bao chinh chu", "khop chu thue bao"),
               choices={"yes": "có|x|đúng|1|chính chủ", "no": "không|sai|0|không chính chủ"}),
        _ENTRY,
    ), same=("phone",)),
    Form("ket_qua_cap", "Danh sách kết quả cấp chứng thư số", (
        _RUNNING,
        Column("name", "Họ và tên", text(200), ("ho ten", "ten", "doi tuong su dung", "ten thue bao")),
        Column("mail", _MAIL.heading, mail, _MAIL.aliases),
        Column("identity_number", "Số CMND/CCCD/Hộ chiếu",
               aliases=("cccd", "cmnd", "so cccd", "so cmnd", "so dinh danh", "cmnd cccd", "so cmnd cccd"),
               personal=True, holds=identity_card),
        _SERIAL,
        Column("not_before", "Ngày cấp", day, ("hieu luc tu", "ngay hieu luc", "tu ngay"), required=True),
        Column("not_after", "Ngày hết hạn", day, ("hieu luc den", "den ngay", "het han"), required=True),
        _DEVICE,
        Column("iccid", _ICCID.heading, iccid, _ICCID.aliases),
        Column("phone", _PHONE.heading, phone, _PHONE.aliases, personal=True),
        Column("certificate", "Nội dung chứng thư số", certificate,
               ("chung thu so", "chung thu", "chung thu so base64", "tep chung thu so", "certificate", "x509"), hidden=True),
        Column("note", "Ghi chú", text(200), ("ghi chu",)),
    ), same=("serial",), orders=(("not_before", "not_after"),), one_of=("mail", "identity_number")),
    Form("ban_giao", "Danh sách bàn giao thiết bị lưu khóa bí mật", (
        _RUNNING,
        Column("name", "Người nhận", text(100), ("ho va ten nguoi nhan", "ho va ten", "ho ten"), required=True),
        _MAIL,
        Column("identity_number", "Số CMND/CCCD/Hộ chiếu", aliases=("cccd", "cmnd", "so dinh danh", "so cccd"),
               required=True, personal=True, holds=identity_card),
        Column("device_serial", _DEVICE.heading, device_serial, (*_DEVICE.aliases, "iccid"), required=True),
        Column("serial", _SERIAL.heading, serial, _SERIAL.aliases),
        Column("on", "Ngày bàn giao", day, ("ngay nhan", "ngay giao"), required=True, past=True),
        Column("record", "Số biên bản", text(60), ("bien ban", "so bien ban ban giao"), required=True),
    ), same=("device_serial",)),
    Form("thiet_bi", "Sổ theo dõi thiết bị lưu khóa bí mật", (
        _RUNNING,
        Column("kind", "Loại thiết bị", aliases=("loai", "loai thiet bi luu khoa bi mat"), required=True, choices=DEVICES),
        Column("device_serial", _DEVICE.heading, device_serial, (*_DEVICE.aliases, "so seri", "iccid"), required=True),
        Column("state", "Tình trạng", aliases=("trang thai",), choices=STANDINGS),
        Column("holder_name", "Người giữ", text(100), ("nguoi nhan", "nguoi su dung")),
        _UNIT,
        Column("due_on", "Hạn trả", day, ("ngay phai tra",)),
        Column("record", "Số biên bản", text(60), ("bien ban",)),
    ), same=("device_serial",)),
)}
"""Every list, by name. A list out of here that is read again is the list that it was (tested)."""
