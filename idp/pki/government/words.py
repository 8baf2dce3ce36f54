"""What is said of a row whose certificate does not fit: what is wrong and what to do, in the language of the lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, str]] = {
    "certificate_unreadable": "Không đọc được chứng thư số này. Vui lòng lấy lại tệp .cer từ đơn vị cấp chứng thư.",
    "certificate_weak_digest": "Chứng thư số ký bằng thuật toán cũ, không còn an toàn. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_weak_key": "Khóa của chứng thư số này yếu, không an toàn. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_ended": "Chứng thư số này đã hết hạn.",
    "certificate_begins_later": "Chứng thư số này còn lâu mới có hiệu lực. Vui lòng kiểm tra lại với đơn vị cấp chứng thư.",
    "certificate_of_others": "Chứng thư số này không phải do cơ quan chứng thực của Chính phủ cấp. Vui lòng kiểm tra lại tệp.",
    "certificate_revoked": "Chứng thư số này đã bị thu hồi.",
    "certificate_not_for_signing": "Đây không phải chứng thư số dùng để ký. Vui lòng kiểm tra lại tệp.",
    "certificate_not_for_documents": "Chứng thư số này không dùng để ký văn bản được. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_another_mail": "Thư công vụ trong chứng thư số khác với đề nghị. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_another_name": "Họ tên trong chứng thư số khác với đề nghị. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_another_key": "Chứng thư số này cấp cho một khóa khác với đề nghị. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_key_known": "Khóa này đã có chứng thư số của người khác. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_serial_twice": "Số hiệu này đã được dùng cho một chứng thư số khác. Vui lòng báo đơn vị cấp chứng thư.",
    "certificate_another_serial": "Số hiệu ghi ở dòng này khác với số hiệu trong chứng thư số.",
    "certificate_other_dates": "Ngày cấp hoặc ngày hết hạn ở dòng này khác với trong chứng thư số.",
    "certificates_of_one_number": "Có nhiều chứng thư số mang số hiệu này. Vui lòng chỉ gửi một.",
    "no_chain": "Hệ thống chưa có chuỗi chứng thư số của Chính phủ nên chưa kiểm tra được. Vui lòng báo quản trị hệ thống.",
}
"""By code of what is raised (``received``, ``authority``); each that is raised is here (tested)."""
