"""The places of the console in their groups: what stands at the side of each page, by what a role may do."""

from __future__ import annotations

from flask_babel import gettext

from ...roles import Administrator, Right, Role


def places(who: Administrator, *, signs: bool) -> list[dict[str, str]]:
    """Give the places there are for somebody, group by group.

    Args:
        who: Whose console it is.
        signs: Whether officers sign by SIM here.

    Returns:
        Of each ``name``, ``url``, ``label``, ``icon`` and the ``group`` it stands in; those of a group follow each other.
    """
    whole, cards = who.may(Right.ADMINISTER), who.may(Right.SEE_CERTIFICATES)
    rollout, people = gettext("Triển khai"), gettext("Con người")
    certificates, system = gettext("Chứng thư số và SIM"), gettext("Hệ thống")
    offered: list[tuple[bool, str, str, str, str, str]] = [
        (whole, rollout, "home", "/admin/", gettext("Tổng quan"), "chart"),
        (whole, rollout, "rollout", "/admin/rollout/", gettext("Chiến dịch"), "check"),
        (whole, rollout, "accounts", "/admin/accounts/", gettext("Cần rà soát"), "users"),
        (whole, rollout, "tasks", "/admin/tasks/", gettext("Việc cần làm"), "list"),
        (who.may(Right.SEE_OFFICERS), people, "officers", "/admin/officers/", gettext("Cán bộ"), "users"),
        (who.may(Right.SEE_AGENCIES), people, "agencies", "/admin/agencies/", gettext("Đơn vị"), "building"),
        (whole, people, "holders", "/admin/role-holders/", gettext("Người có vai trò"), "shield"),
        (True, people, "deputies", "/admin/deputies/", gettext("Người làm thay"), "out"),
        (cards, certificates, "list", "/admin/certificates/", gettext("Chứng thư số"), "cert"),
        (cards, certificates, "expiry", "/admin/certificates/expiry/", gettext("Sắp hết hạn"), "clock"),
        (who.may(Right.SEE_SIMS) and signs, certificates, "sims", "/admin/sims/", gettext("SIM ký số"), "sim"),
        (whole and signs, certificates, "signatures", "/admin/signatures/", gettext("Các lần ký"), "doc"),
        (who.may(Right.SEE_DEVICES), certificates, "devices", "/admin/devices/", gettext("Thiết bị"), "plug"),
        (who.may(Right.ASK_CERTIFICATES), certificates, "import", "/admin/certificates/import", gettext("Nhập danh sách"), "up"),
        (who.role is Role.PROVINCE, certificates, "batches", "/admin/certificates/batches", gettext("Gửi và nhận kết quả"),
         "mail"),
        (who.role in (Role.PROVINCE, Role.AUDITOR), certificates, "enrolment", "/admin/enrolment/", gettext("Đăng ký máy"),
         "laptop"),
        (whole, system, "applications", "/admin/applications/", gettext("Ứng dụng"), "globe"),
        (whole or who.may(Right.ASK_CERTIFICATES), system, "jobs", "/admin/jobs/", gettext("Nhập và xuất"), "down"),
        (who.of_the_province, system, "announcements", "/admin/announcements/", gettext("Thông báo chung"), "mail"),
        (who.of_the_province, system, "keys", "/admin/keys/", gettext("Khóa ký"), "lock"),
        (who.of_the_province, system, "system", "/admin/system/", gettext("Tình trạng hệ thống"), "gear"),
        (whole, system, "audit", "/admin/audit/", gettext("Nhật ký"), "search")]
    return [{"group": group, "name": name, "url": url, "label": label, "icon": icon}
            for shown, group, name, url, label, icon in offered if shown]
