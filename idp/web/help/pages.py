"""The short help of each page of the officer's and the administrators', in one place, by the name of its template.

A name that ends in a folder or in the beginning of a name holds for whatever begins so; the longest that fits is taken.
"""

from __future__ import annotations

from typing import Any, Final

from flask_babel import lazy_gettext
from jinja2 import pass_context

_WORDS: Final = {
    "account/": lazy_gettext(
        "Trang này là của riêng bạn. Mỗi thay đổi được ghi lại và báo cho bạn."),
    "account/app.html": lazy_gettext(
        "Dùng ứng dụng tạo mã trên điện thoại để quét hình, rồi nhập mã 6 số đang hiện."),
    "account/applications.html": lazy_gettext(
        "Những ứng dụng đang có quyền của bạn. Thu hồi thì ứng dụng phải hỏi lại bạn."),
    "account/certificate": lazy_gettext(
        "Chứng thư số của bạn, từ lúc đề nghị đến khi hết hạn, và bước tiếp theo của từng cái."),
    "account/data.html": lazy_gettext(
        "Tải về mọi dữ liệu hệ thống giữ về bạn. Tệp là của riêng bạn, vui lòng không gửi cho người khác."),
    "account/notices.html": lazy_gettext(
        "Mọi thông báo về tài khoản của bạn, mới nhất đứng trước. Thông báo nào lạ, vui lòng gọi tổng đài hỗ "
        "trợ."),
    "account/passkey": lazy_gettext(
        "Khóa truy cập mở bằng vân tay, khuôn mặt hoặc mã PIN của máy. Chỉ thêm trên máy của bạn."),
    "account/profile.html": lazy_gettext(
        "Thông tin lấy từ danh bạ cán bộ. Có chỗ sai, vui lòng báo quản trị đơn vị để sửa trong danh bạ."),
    "account/readings.html": lazy_gettext(
        "Ai đã xem đủ số định danh của bạn, khi nào và để làm gì."),
    "account/recovery_codes.html": lazy_gettext(
        "Mỗi mã khôi phục dùng được một lần. Vui lòng in ra và cất nơi an toàn."),
    "account/security.html": lazy_gettext(
        "Ở đây bạn đổi mật khẩu, thêm lớp thứ hai và in mã khôi phục. Nên có hai cách, để mất điện thoại vẫn "
        "vào được."),
    "account/sessions.html": lazy_gettext(
        "Mỗi dòng là một nơi bạn đang đăng nhập. Thấy nơi lạ, vui lòng kết thúc phiên đó và đổi mật khẩu."),
    "account/signing/": lazy_gettext(
        "SIM ký số và các chữ ký của bạn. Mất điện thoại hoặc SIM, vui lòng báo mất ngay tại đây."),
    "approvals/": lazy_gettext(
        "Mỗi dòng là một yêu cầu chờ bạn trả lời. Chỉ chấp thuận việc mà chính bạn đang làm."),
    "console/": lazy_gettext(
        "Chọn một mục ở bên cạnh để bắt đầu. Mọi việc bạn làm ở đây được ghi vào nhật ký."),
    "console/applications/": lazy_gettext(
        "Mỗi ứng dụng đi qua bốn bước: đăng ký, kiểm tra, chứng minh đăng xuất, tắt cách đăng nhập cũ."),
    "console/ask.html": lazy_gettext(
        "Tìm cán bộ sẽ giữ khóa, rồi điền nốt các ô. Nhiều người cùng lúc thì dùng mục nhập danh sách."),
    "console/audit/": lazy_gettext(
        "Ai đã làm gì, khi nào, từ đâu. Số định danh và số điện thoại được che; xem đủ cũng được ghi lại."),
    "console/batches.html": lazy_gettext(
        "Gom các đề nghị đã được tỉnh duyệt thành danh sách gửi đi, rồi nhập kết quả cấp khi có."),
    "console/device": lazy_gettext(
        "Thiết bị nào do ai giữ, từ ngày nào. Mỗi lần đổi người giữ cần một biên bản."),
    "console/expir": lazy_gettext(
        "Chứng thư số nào sắp hết hạn, theo đơn vị và theo tháng. Vui lòng đề nghị gia hạn trước 60 ngày."),
    "console/form.html": lazy_gettext(
        "Ô nào còn thiếu được nêu ở đầu trang. Lưu bản nháp nếu chưa đủ giấy tờ."),
    "console/operation/announce": lazy_gettext(
        "Điều mọi người đọc trên trang đăng nhập hoặc trang của mình. Xem trước rồi mới lưu."),
    "console/home.html": lazy_gettext(
        "Những việc đang chờ trong phạm vi của bạn. Mỗi con số dẫn tới danh sách tương ứng."),
    "console/import.html": lazy_gettext(
        "Kiểm tra thử trước: chưa ghi gì cả. Dòng tốt được nhập, dòng cần sửa tải về kèm lý do."),
    "console/list.html": lazy_gettext(
        "Lọc theo bước để thấy việc của bạn, chọn các dòng rồi duyệt hoặc trả lại. Không ai duyệt đề nghị "
        "của chính mình."),
    "console/operation/": lazy_gettext(
        "Tình trạng của máy chủ và khóa ký. Có gì màu đỏ, lời bên cạnh nói phải làm gì."),
    "console/passwords.html": lazy_gettext(
        "Mật khẩu dùng một lần để một máy tự lấy chứng thư số. Chỉ hiện một lần, đưa tận tay."),
    "console/people/": lazy_gettext(
        "Chỉ cán bộ trong phạm vi của bạn. Gỡ lớp thứ hai cần người thứ hai duyệt."),
    "console/people/agenc": lazy_gettext(
        "Cây đơn vị theo danh bạ cán bộ. Đổi tên hay sáp nhập được làm trong danh bạ."),
    "console/people/deput": lazy_gettext(
        "Giao vai trò của bạn cho người khác đến một ngày. Người làm thay không thể có nhiều quyền hơn bạn."),
    "console/people/holder": lazy_gettext(
        "Mỗi quý, vui lòng xem lại từng người: còn làm việc đó không, đã có lớp thứ hai chưa. Vai trò không còn cần thì thu lại "
        "ở nhóm của danh bạ."),
    "console/people/officer": lazy_gettext(
        "Tìm bằng bất kỳ phần nào của tên, có dấu hay không dấu. Trang của một cán bộ có mọi thứ về người "
        "đó."),
    "console/operation/jobs.html": lazy_gettext(
        "Danh sách dài được nhập và xuất ở đây. Tệp chỉ người gửi tải được, trong một ngày, và mỗi lần tải được "
        "ghi lại."),
    "console/renew": lazy_gettext(
        "Một lần đề nghị gia hạn cho nhiều chứng thư số; cái nào chưa được thì có lý do riêng."),
    "console/request.html": lazy_gettext(
        "Một đề nghị chứng thư số: việc tiếp theo ở trên cùng, ai đã làm gì ở dưới."),
    "console/rollout/": lazy_gettext(
        "Chiến dịch cho biết bao nhiêu người đã xong, ai còn thiếu, bước tiếp theo và ai làm. Báo cáo in "
        "được, cho bất kỳ ngày nào."),
    "console/rollout/agencies.html": lazy_gettext(
        "Vì sao số phải thực hiện thay đổi: ai vào, ai rời, ai chuyển đến hoặc chuyển đi. Cộng các cột thì ra "
        "số nay tính."),
    "console/rollout/export.html": lazy_gettext(
        "Danh sách rời khỏi hệ thống cần một mục đích. Ai lấy, để làm gì và tệp nào được ghi lại; danh sách dài được lập ở mục "
        "Nhập và xuất."),
    "console/rollout/members.html": lazy_gettext(
        "Mọi người trong danh sách của một ngày. Chọn tình trạng để thấy ai đã xong, ai còn thiếu, ai không "
        "tính và vì sao."),
    "console/rollout/movements.html": lazy_gettext(
        "Mỗi dòng là một lần danh sách thay đổi sau ngày chốt. Số của ngày đã qua không đổi."),
    "console/rollout/reminders.html": lazy_gettext(
        "Ai đã được nhắc, về việc gì, lúc nào và lần thứ mấy. Việc của đơn vị thì nhắc quản trị đơn vị."),
    "console/rollout/remind.html": lazy_gettext(
        "Cán bộ được nhắc việc của chính mình, quản trị đơn vị được nhắc việc của đơn vị. Việc đang ở tỉnh thì không nhắc ai."),
    "console/rollout/accounts.html": lazy_gettext(
        "Tài khoản lâu không dùng, chưa từng đăng nhập, hoặc thiếu hộp thư. Vui lòng xem lại từng danh sách "
        "mỗi quý."),
    "console/signing/": lazy_gettext(
        "SIM ký số của từng cán bộ, từ đề nghị đến khi ngừng dùng. Báo mất thì SIM bị khóa ngay."),
    "console/signing/doubt.html": lazy_gettext(
        "Vui lòng gọi nhà mạng trước khi quyết định. Xác nhận đã đổi thì các SIM này ngừng hẳn; "
        "báo nhầm thì mọi SIM dùng lại được."),
    "console/signing/signature": lazy_gettext(
        "Mọi lần điện thoại được hỏi chữ ký. Cán bộ báo không yêu cầu thì vui lòng gọi cho cán bộ trước."),
    "console/task": lazy_gettext(
        "Mỗi việc có hạn và người làm. Ghi rõ ai đã làm gì, theo văn bản nào, rồi mới đóng việc."),
    "portal/applications.html": lazy_gettext(
        "Trang này có mọi ứng dụng bạn được dùng; ứng dụng dùng gần nhất đứng trước. Thiếu ứng dụng nào, vui "
        "lòng hỏi quản trị đơn vị."),
}


def words_for(template: str) -> str:
    """Give the help of the page that a template makes, in the page's language; empty where it has none."""
    found = [name for name in _WORDS if template.startswith(name)]
    return str(_WORDS[max(found, key=len)]) if found else ""


@pass_context
def page_help(context: Any) -> str:
    """Give the help of the page that is being made; what templates call."""
    return words_for(str(context.name))
