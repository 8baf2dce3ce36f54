"""What an examination finds of an application, in the words of whoever administers it.

What exactly was found stands below, in English, for the technician (``oauth.clients.examination``).
"""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext


def said() -> Mapping[str, tuple[str, str]]:
    """Give what was found and what to do, by the code of a finding."""
    return {
        "disabled": (
            gettext("Ứng dụng đang đóng, nên không cách nào vào được."),
            gettext("Mở lại ứng dụng rồi kiểm tra lần nữa.")),
        "rules": (
            gettext("Có mục không còn đúng quy tắc hiện nay."),
            gettext("Sửa mục này theo hướng dẫn cho nhà cung cấp, rồi lưu lại.")),
        "not_https": (
            gettext("Địa chỉ này không phải https: chỉ dùng được khi phát triển."),
            gettext("Ghi địa chỉ https nơi cán bộ đăng nhập thật.")),
        "logo_elsewhere": (
            gettext("Biểu trưng nằm ở máy chủ khác với ứng dụng, nên không được hiện."),
            gettext("Đặt biểu trưng ở chính máy chủ của ứng dụng.")),
        "no_start_page": (gettext("Cán bộ không mở được ứng dụng từ trang của mình."), gettext("Ghi trang của ứng dụng.")),
        "method_unavailable": (
            gettext("Hệ thống này chưa kiểm tra được cách chứng minh đã chọn."),
            gettext("Chọn cách khác, hoặc nhờ người trực hệ thống bật cách này.")),
        "binding_unavailable": (
            gettext("Hệ thống này chưa hỏi chứng thư của máy, nên không gắn được mã truy cập với chứng thư."),
            gettext("Dùng DPoP, hoặc nhờ người trực hệ thống bật việc hỏi chứng thư.")),
        "assertion_audience": (
            gettext("Bản tự chứng minh của ứng dụng còn được ghi địa chỉ cũ làm nơi nhận."),
            gettext("Cho ứng dụng ghi tên của hệ thống (issuer), rồi bỏ ngoại lệ này.")),
        "no_secret": (
            gettext("Ứng dụng chưa có mã bí mật, nên chưa chứng minh được mình."),
            gettext("Đổi mã bí mật và giao mã mới cho ứng dụng.")),
        "secret_unreadable": (
            gettext("Không đọc được tệp giữ mã bí mật trên máy chủ."),
            gettext("Nhờ người trực hệ thống xem tệp này.")),
        "secret_elsewhere": (
            gettext("Tệp giữ mã bí mật không có trên máy chủ này."),
            gettext("Nhờ người trực hệ thống chép từ máy chủ có tệp.")),
        "secret_differs": (
            gettext("Tệp giữ mã bí mật không khớp với mã đã đăng ký."),
            gettext("Nhờ người trực hệ thống chép tệp đúng, hoặc đổi mã bí mật.")),
        "no_signing_key": (
            gettext("Không khóa công khai nào của ứng dụng hợp với cách ký đã chọn."),
            gettext("Công bố khóa công khai mà ứng dụng dùng để ký.")),
        "no_certificate_key": (
            gettext("Khóa đã công bố không có khóa nào dùng cho chứng thư."),
            gettext("Công bố khóa công khai của chứng thư.")),
        "no_encryption_key": (
            gettext("Không khóa công khai nào của ứng dụng hợp với cách mã hóa đã chọn."),
            gettext("Công bố khóa loại đó, ghi rõ dùng để mã hóa.")),
        "keys_unreachable": (
            gettext("Không lấy được khóa công khai của ứng dụng."),
            gettext("Xem địa chỉ khóa có trả lời qua https không; máy chủ ở mạng nội bộ thì nhờ người trực hệ thống cho phép.")),
        "no_owner": (gettext("Chưa ghi đơn vị chịu trách nhiệm."), gettext("Ghi tên đơn vị.")),
        "unknown_groups": (
            gettext("Có nhóm được phép mà không cán bộ nào thuộc nhóm đó."),
            gettext("So tên nhóm với danh bạ cán bộ.")),
        "sector": (
            gettext("Danh sách địa chỉ dùng chung của ứng dụng chưa đúng."),
            gettext("Công bố danh sách có mọi địa chỉ quay về.")),
        "logout_unreachable": (
            gettext("Địa chỉ nhận tin đăng xuất không trả lời."),
            gettext("Xem ứng dụng có nhận được tin từ mạng của hệ thống không.")),
        "logout_unchecked": (
            gettext("Ứng dụng nhận cả tin đăng xuất giả."),
            gettext("Cho ứng dụng kiểm tra chữ ký của tin trước khi trả lời.")),
        "logout_status": (
            gettext("Địa chỉ nhận tin đăng xuất trả lời sai với tin giả; đúng ra là 400."),
            gettext("Xem địa chỉ có đúng của ứng dụng không.")),
        "no_openid": (gettext("Thiếu openid thì ứng dụng không biết ai đăng nhập."), gettext("Thêm openid.")),
        "offline_unused": (
            gettext("offline_access không dùng được khi thiếu cách refresh_token."),
            gettext("Thêm refresh_token, hoặc bỏ offline_access.")),
        "refresh_ends": (
            gettext("Thiếu offline_access thì quyền của ứng dụng hết cùng phiên của cán bộ."),
            gettext("Thêm offline_access nếu ứng dụng làm việc khi cán bộ vắng; không thì cứ để vậy.")),
        "officer_scopes": (
            gettext("Có thông tin về cán bộ được hỏi mà cách lấy quyền này không bao giờ có."),
            gettext("Bỏ các thông tin đó, hoặc thêm authorization_code.")),
        "no_pkce": (
            gettext("Cán bộ còn đăng nhập được mà không có PKCE."),
            gettext("Bắt buộc PKCE ngay khi ứng dụng gửi được.")),
        "browser_tokens": (
            gettext("Mã truy cập đi qua trình duyệt của cán bộ."),
            gettext("Chỉ dùng code ngay khi ứng dụng làm được.")),
        "no_logout_page": (
            gettext("Cán bộ đăng xuất xong thì ở lại trang của hệ thống."),
            gettext("Ghi địa chỉ quay về sau đăng xuất.")),
        "logout_by_browser": (
            gettext("Chỉ trình duyệt của cán bộ báo cho ứng dụng, và chỉ khi đăng xuất ở trình duyệt đó."),
            gettext("Ghi địa chỉ nhận tin đăng xuất.")),
        "no_logout": (
            gettext("Cán bộ đăng xuất ở nơi khác thì ứng dụng không hay biết."),
            gettext("Ghi địa chỉ nhận tin đăng xuất."))}
