"""What is said of a row that cannot be taken: what is wrong and what to do, in the language of the lists."""

from __future__ import annotations

from typing import Final

from . import Flaw, ListError, Problem

_SENTENCES: Final = {
    Flaw.MISSING: "Ô này còn trống. Vui lòng điền.",
    Flaw.TOO_LONG: "Nội dung quá dài. Vui lòng viết gọn lại.",
    Flaw.UNREADABLE: "Ô có ký tự lạ không đọc được. Vui lòng gõ lại.",
    Flaw.NOT_A_DATE: "Không phải ngày. Vui lòng ghi theo dạng ngày/tháng/năm, ví dụ 05/09/1980.",
    Flaw.NO_SUCH_DAY: "Ngày này không có trong lịch.",
    Flaw.IN_THE_FUTURE: "Ngày này chưa tới. Vui lòng kiểm tra lại.",
    Flaw.NOT_AN_IDENTITY_NUMBER: "Số này không đúng. CCCD có 12 chữ số, CMND cũ có 9 chữ số, hộ chiếu có một chữ cái"
                                 " và 7 hoặc 8 chữ số.",
    Flaw.NOT_A_PHONE: "Số điện thoại không đúng. Số di động có 10 chữ số và bắt đầu bằng 0.",
    Flaw.NOT_A_MAIL: "Địa chỉ thư không đúng, ví dụ đúng: nvmau@haugiang.gov.vn.",
    Flaw.NOT_A_SERIAL: "Số hiệu chứng thư chỉ gồm chữ số và các chữ A đến F.",
    Flaw.NOT_A_CARD_NUMBER: "Số hiệu không đúng. Vui lòng chép đúng số in trên thiết bị hoặc trên SIM.",
    Flaw.NOT_A_UNIT_CODE: "Mã đơn vị không đúng, ví dụ đúng: H30.11 hoặc 000.00.11.H30.",
    Flaw.NOT_AN_ENTRY: "Mã trong danh bạ không đúng. Vui lòng giữ nguyên cột này như trong tệp tải về.",
    Flaw.NOT_A_TAX_CODE: "Mã số không đúng. Vui lòng ghi các chữ số, ví dụ 6300000000.",
    Flaw.DIGITS_LOST: "Bảng tính đã làm tròn số này. Vui lòng đặt kiểu ô là Văn bản (Text) rồi gõ lại.",
    Flaw.UNKNOWN_CHOICE: "Không có lựa chọn này. Vui lòng ghi một trong các giá trị của mẫu.",
    Flaw.ENDS_BEFORE_IT_BEGINS: "Ngày này phải sau ngày đứng trước nó. Vui lòng kiểm tra cả hai ngày.",
}
_LISTS: Final = {
    "empty": "Tệp không có nội dung.",
    "too_large": "Tệp quá lớn. Vui lòng chia thành nhiều tệp.",
    "too_many_rows": "Danh sách quá dài. Vui lòng chia thành nhiều tệp, mỗi tệp không quá 20.000 dòng.",
    "encoding": "Tệp không phải chữ Unicode. Vui lòng lưu lại thành XLSX hoặc CSV UTF-8.",
    "old_format": "Tệp thuộc loại cũ (XLS). Vui lòng mở rồi lưu thành XLSX.",
    "unreadable": "Không đọc được tệp. Vui lòng lưu thành XLSX hoặc CSV UTF-8 rồi gửi lại.",
    "no_heading": "Không tìm thấy dòng tên cột. Vui lòng dùng tệp mẫu.",
    "heading_twice": "Hai cột cùng mang nghĩa “{heading}”. Vui lòng giữ một cột.",
    "missing_columns": "Thiếu cột: {columns}.",
    "no_rows": "Danh sách chưa có dòng nào.",
}
"""Codes of ``ListError``; each that is raised is here (tested)."""


def sentence(problem: Problem) -> str:
    """Say what is wrong with a row."""
    if problem.flaw is Flaw.TWICE:
        return f"Trùng với dòng {problem.given}. Vui lòng giữ lại một dòng."
    return _SENTENCES[problem.flaw]


def of_list(error: ListError) -> str:
    """Say why a list cannot be read."""
    return _LISTS[error.code].format(**error.facts)
