"""The page that a leader signs, and its tables: a Vietnamese document, whatever the language of the page around it.

Source: Decree 30/2020/NĐ-CP, Appendix I (head, number, place and day, text, recipients, signature). Every figure comes from
``coverage``; nothing else goes into the tables, so that a file for a past day is, octet for octet, the one that was made then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ..pki.enrollment.working_days import WorkingDays, day_of
from ..spreadsheet import harmless
from .campaign import Goal, MemberAct, MemberEntry, Reason
from .coverage import Coverage, Day, Tally
from .members import Flow, Member, MemberState, Movement
from .reminders import Reminding
from .steps import OWNERS, Owner, Step

BLANK: Final = "……………………………………"
"""To be filled in by hand: nobody here knows to whom the province's committee reports."""
MOST_ROWS: Final = 8
FEWEST_ROWS: Final = 3
PAGE_LINES: Final = 23
"""Lines that one sheet of A4 has for the subject, the texts and the rows of agencies, so that the signature stands on it too."""
_SUBJECT_SIGNS, _TEXT_SIGNS, _NAME_SIGNS = 72, 86, 48
"""Signs that are sure to stand in one line of each."""
_MOST_WEEKS: Final = 7
_GOALS: Final[Mapping[Goal, str]] = {
    Goal.CERTIFICATE: "cấp và kích hoạt chứng thư số", Goal.SIM: "kích hoạt SIM ký số",
    Goal.MAILBOX: "mở hộp thư điện tử công vụ",
    Goal.SECOND_FACTOR: "bật xác thực hai lớp", Goal.SIGNED_IN: "đăng nhập hệ thống đăng nhập một lần",
    Goal.CONNECTED: "kết nối ứng dụng với đăng nhập một lần", Goal.LOGOUT: "nghiệm thu đăng xuất của ứng dụng"}
STEPS: Final[Mapping[Step, str]] = {
    Step.ASK: "chưa đề nghị", Step.SUBMIT: "chưa gửi đề nghị", Step.CORRECT: "đề nghị bị trả lại",
    Step.APPROVE: "chờ đơn vị duyệt", Step.APPROVE_FOR_PROVINCE: "chờ tỉnh duyệt",
    Step.SEND: "chờ gửi đơn vị cấp chứng thư", Step.ISSUE: "chờ đơn vị cấp chứng thư",
    Step.RECEIVE: "chờ nhận thiết bị về", Step.HAND_OVER: "chờ bàn giao", Step.ACTIVATE: "chờ ký thử và kích hoạt",
    Step.RESUME: "đang tạm khóa", Step.UNLOCK: "chờ mở khóa thiết bị", Step.OPEN_MAILBOX: "chưa có hộp thư",
    Step.ENROL_FACTOR: "chưa bật lớp thứ hai", Step.SIGN_IN: "chưa đăng nhập lần nào", Step.CONNECT: "chưa kết nối",
    Step.PROVE_LOGOUT: "chưa nghiệm thu đăng xuất"}
OWNER_WORDS: Final[Mapping[Owner, str]] = {
    Owner.OFFICER: "Cán bộ", Owner.AGENCY: "Quản trị đơn vị", Owner.DESK: "Bộ phận chứng thư số của tỉnh",
    Owner.AUTHORITY: "Đơn vị cấp chứng thư", Owner.CLERK: "Văn thư đơn vị"}
REASONS: Final[Mapping[str, str]] = {
    Reason.DISABLED: "Tài khoản đã khóa", Reason.GUEST: "Tài khoản khách", Reason.GONE: "Không còn trong danh bạ",
    Reason.ELSEWHERE: "Đã chuyển đơn vị, chức vụ hoặc nhóm", Reason.LONG_LEAVE: "Nghỉ dài ngày", Reason.SECONDED: "Biệt phái",
    Reason.RETIRING: "Sắp nghỉ hưu", Reason.SHARED_ACCOUNT: "Tài khoản dùng chung", Reason.NOT_NEEDED: "Không cần theo công việc",
    Reason.OTHER: "Lý do khác"}

MEMBER_STATES: Final[Mapping[str, str]] = {
    MemberState.DONE: "Đã xong", MemberState.MISSING: "Còn thiếu", MemberState.EXCLUDED: "Không tính",
    MemberState.LEFT: "Đã rời danh sách"}
MOVEMENT_WORDS: Final[Mapping[str, str]] = {
    MemberAct.JOINED: "Thêm vào", MemberAct.LEFT: "Rời đi", MemberAct.MOVED: "Chuyển đơn vị", MemberAct.EXCLUDED: "Không tính",
    MemberAct.RESTORED: "Tính lại"}


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency's figures.

    Attributes:
        low: It is below what is needed.
        flow: How the number of those who count came about.
    """

    code: str
    name: str
    tally: Tally
    low: bool
    flow: Flow


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who reports.

    Attributes:
        province: ``Tỉnh Hậu Giang``.
        agency: What the agency is called that answers for the campaign.
    """

    province: str
    agency: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The page: texts in their order, and tables of texts.

    Attributes:
        sections: Head and text of each; the table of agencies stands after the second, the chart after the first.
        weeks: Headings, what was reached, what was needed; the numbers of the chart.
        agencies: Headings, then rows.
    """

    over: str
    agency: str
    number: str
    place_and_day: str
    subject: str
    to: str
    sections: Sequence[tuple[str, str]]
    chart_title: str
    chart_text: str
    weeks: Sequence[Sequence[str]]
    agencies: Sequence[Sequence[str]]
    closing: str
    recipients: Sequence[str]
    kind: str = "BÁO CÁO"
    country: str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    motto: str = "Độc lập - Tự do - Hạnh phúc"
    recipients_head: str = "Nơi nhận:"
    signer: Sequence[str] = ("THỦ TRƯỞNG ĐƠN VỊ",)
    sign_here: str = "(ký, ghi rõ họ tên, đóng dấu)"


def agency_rows(coverage: Coverage, *, emptied: bool = False) -> list[AgencyRow]:
    """Give the agencies, those first that have come least far.

    Args:
        coverage: The course.
        emptied: Those too in which nobody counts any more, at the end; without them the numbers of ``flow`` do not add up.
    """
    last, none = coverage.last, Flow()
    rows = [AgencyRow(code, coverage.names.get(code) or code, tally, is_low(tally, last), coverage.flows.get(code, none))
            for code, tally in last.agencies.items()]
    rows.sort(key=lambda row: (row.tally.done / row.tally.counted, -row.tally.missing, row.code))
    return rows + [AgencyRow(code, coverage.names.get(code) or code, Tally(0, 0), low=False, flow=flow)
                   for code, flow in coverage.flows.items() if emptied and code not in last.agencies]


def is_low(tally: Tally, day: Day) -> bool:
    """Tell whether an agency is below the share that everybody together needs on that day, in whole people.

    So a small agency is not late by the fraction of a person, and nobody is on the first day.
    """
    return tally.done < day.needed * tally.counted // day.counted


def steps_of(coverage: Coverage) -> list[tuple[Step, int]]:
    """Count the missing by what is to be done next, in the order of the steps."""
    found = coverage.missing.steps()
    return [(step, found[step]) for step in Step if found[step]]


def table(coverage: Coverage) -> list[list[str]]:
    """Give the figures of a day as rows for a file, headings first; cells are harmless to spreadsheets.

    The sums of all columns stand below them; who moved between agencies stands in two of them.
    """
    day, name = coverage.last, harmless(coverage.campaign.name)
    rows = [["Chiến dịch", "Đến hết ngày", "Mã đơn vị", "Đơn vị", "Phải thực hiện", "Đã xong", "Còn thiếu", "Tỷ lệ (%)",
             "Dưới mức cần có", "Chốt ban đầu", "Thêm mới", "Chuyển đến", "Giảm", "Chuyển đi", "Không tính"]]
    agencies = sorted(agency_rows(coverage, emptied=True), key=lambda row: row.code)
    for row in agencies:
        rows.append([name, date_text(day.day), harmless(row.code), harmless(row.name), *_numbers(row.tally),
                     "x" if row.low else "", *map(str, row.flow.numbers)])
    rows.append([name, date_text(day.day), "", "Tổng số", *_numbers(Tally(day.counted, day.done)),
                 "x" if day.done < day.needed else "", *map(str, whole_flow(agencies).numbers)])
    rows.append([name, date_text(day.day), "", "Mức cần có", "", str(day.needed), *[""] * 9])
    return rows


def whole_flow(rows: Sequence[AgencyRow]) -> Flow:
    """Add up how the numbers of agencies came about."""
    return Flow(*map(sum, zip(*(row.flow.numbers for row in rows), strict=True)))


def missing_rows(coverage: Coverage) -> Iterator[Sequence[str]]:
    """Give the list of the missing as rows for a file, headings first."""
    yield "STT", "Họ và tên", "Chức vụ", "Đơn vị", "Mã đơn vị", "Đang dừng ở", "Người xử lý tiếp", "Từ ngày"
    for number, one in enumerate(coverage.missing, start=1):
        step = one.step
        yield (str(number), *_person(one.entry), STEPS[step], OWNER_WORDS[OWNERS[step]], date_text(day_of(one.since)))


def member_rows(people: Iterable[Member]) -> Iterator[Sequence[str]]:
    """Give people of a list with how they stand as rows for a file, headings first."""
    yield ("STT", "Họ và tên", "Chức vụ", "Đơn vị", "Mã đơn vị", "Tình trạng", "Đang dừng ở", "Người xử lý tiếp",
           "Lý do không tính", "Ghi chú", "Từ ngày", "Vào danh sách sau, ngày")
    for number, one in enumerate(people, start=1):
        waits, out = one.state is MemberState.MISSING, one.state is MemberState.EXCLUDED
        yield (str(number), *_person(one.entry), MEMBER_STATES[one.state], STEPS[one.step] if waits else "",
               OWNER_WORDS[OWNERS[one.step]] if waits else "", REASONS.get(one.reason, one.reason),
               harmless(one.place.note) if out else "", date_text(day_of(one.since)),
               date_text(day_of(one.joined_at)) if one.joined_at else "")


def movement_rows(movements: Iterable[Movement], names: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Give how a list changed as rows for a file, headings first."""
    yield ("STT", "Ngày", "Biến động", "Họ và tên", "Chức vụ", "Đơn vị", "Mã đơn vị", "Từ đơn vị", "Lý do", "Ghi chú")
    for number, one in enumerate(movements, start=1):
        entry, origin = one.entry, one.origin if one.act is MemberAct.MOVED else ""
        yield (str(number), date_text(day_of(entry.at)), MOVEMENT_WORDS[one.act], *_person(entry),
               harmless(names.get(origin, origin)), REASONS.get(entry.reason, entry.reason), harmless(entry.note))


def reminding_rows(lines: Iterable[Reminding]) -> Iterator[Sequence[str]]:
    """Give who was reminded as rows for a file, headings first."""
    yield "STT", "Ngày", "Họ và tên", "Chức vụ", "Đơn vị", "Mã đơn vị", "Nhắc việc", "Số trường hợp", "Lần thứ"
    for number, one in enumerate(lines, start=1):
        yield (str(number), date_text(day_of(one.at)), harmless(one.name), harmless(one.title), harmless(one.unit_name),
               harmless(one.unit_code), STEPS[Step(one.step)] if one.step else "các trường hợp của đơn vị", str(one.cases),
               str(one.nth))


def _person(entry: MemberEntry) -> tuple[str, str, str, str]:
    return harmless(entry.name), harmless(entry.title), harmless(entry.unit_name), harmless(entry.unit_code)


def paper(coverage: Coverage, issuer: Issuer, calendar: WorkingDays) -> Paper:
    """Write the page."""
    campaign, day, who = coverage.campaign, coverage.last, _who(coverage)
    province, committee = issuer.province, _is_committee(issuer)
    rows = agency_rows(coverage)
    weeks = _weeks(coverage.days)
    behind = day.needed - day.done
    compared = (f"so với mức cần có ({number_text(day.needed)} {who}) còn thiếu {number_text(behind)} {who}" if behind > 0
                else f"đạt mức cần có ({number_text(day.needed)} {who})")
    subject = (f"Tiến độ {_GOALS[campaign.goal]}: {campaign.name} (tuần {day.day.isocalendar().week} năm "
               f"{day.day.isocalendar().year})")
    overall = (f"Đến hết ngày {date_text(day.day)}, có {number_text(day.done)}/{number_text(day.counted)} {who} hoàn thành (đạt "
               f"{rate_text(day.done, day.counted)}); {compared}. {_deadline(coverage, calendar)} {_outlook(coverage)}")
    causes, population, proposal = _causes(coverage), _population(coverage), _proposal(coverage, rows, calendar)
    shown = _fitting(rows, subject, (overall, causes, population, proposal))
    recipients = ["Như trên;", "Các đơn vị trong báo cáo;", "Lưu: VT."]
    return Paper(
        over="" if committee else f"UBND {province}".upper(), agency=issuer.agency.upper(), number="Số: ……/BC-……",
        place_and_day=f"{_place(province)}, {_long_date(day.day)}",
        subject=subject,
        to=f"Kính gửi: {BLANK if committee else f'Ủy ban nhân dân {province[:1].lower()}{province[1:]}'}.",
        sections=[
            ("1. Kết quả chung.", overall),
            ("2. Kết quả của các đơn vị." if len(rows) == len(shown) else "2. Các đơn vị có tỷ lệ thấp nhất.",
             "" if len(rows) == len(shown) else f"Số liệu của cả {len(rows)} đơn vị ở tệp kèm theo."),
            ("3. Nguyên nhân.", causes), ("4. Danh sách tính tỷ lệ.", population), ("5. Kiến nghị.", proposal)],
        chart_title="Tiến độ thực tế và mức cần có",
        chart_text=f"Đến {date_text(day.day)} đạt {number_text(day.done)} {who}, cần {number_text(day.needed)} {who}; đích là "
                   f"{number_text(day.counted)} {who} ngày {date_text(campaign.deadline)}. Số liệu ở bảng bên dưới.",
        weeks=[["Ngày", *(short_date(one.day) for one in weeks)], ["Thực tế", *(number_text(one.done) for one in weeks)],
               ["Cần có", *(number_text(one.needed) for one in weeks)]],
        agencies=[["STT", "Đơn vị", "Phải thực hiện", "Đã xong", "Còn thiếu", "Tỷ lệ"],
                  *([str(number), row.name, number_text(row.tally.counted), number_text(row.tally.done),
                     number_text(row.tally.missing), rate_text(row.tally.done, row.tally.counted)]
                    for number, row in enumerate(shown, start=1)),
                  ["", "Tổng số", number_text(day.counted), number_text(day.done), number_text(day.counted - day.done),
                   rate_text(day.done, day.counted)]],
        closing=f"{issuer.agency} kính báo cáo./.", recipients=recipients,
        signer=("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH") if committee else ("THỦ TRƯỞNG ĐƠN VỊ",))


def _fitting(rows: Sequence[AgencyRow], subject: str, texts: Sequence[str]) -> Sequence[AgencyRow]:
    """Give as many agencies, from the first, as leave room for the signature on the sheet; eight at most, three at least."""
    left = PAGE_LINES - _lines(subject, _SUBJECT_SIGNS) - 1 - sum(_lines(text, _TEXT_SIGNS, indent=30) for text in texts)
    many = 0
    for row in rows[:MOST_ROWS]:
        left -= _lines(row.name, _NAME_SIGNS)
        if left < 0 and many >= FEWEST_ROWS:
            break
        many += 1
    return rows[:many]


def _lines(text: str, signs: int, *, indent: int = 0) -> int:
    """Tell how many lines a text takes: its words are not cut."""
    lines, used = 1, indent
    for word in text.split():
        used += len(word) + 1
        if used > signs + 1:
            lines, used = lines + 1, len(word) + 1
    return lines


def date_text(day: date) -> str:
    """Write a day: ``23/11/2026``."""
    return day.strftime("%d/%m/%Y")


def short_date(day: date) -> str:
    """Write a day without its year: ``23/11``."""
    return day.strftime("%d/%m")


def number_text(number: int) -> str:
    """Write a number with a full stop between thousands."""
    return f"{number:,}".replace(",", ".")


def rate_text(done: int, counted: int) -> str:
    """Write a share with one digit behind the comma, rounded down so that only all is 100; ``–`` of nothing."""
    return f"{_permille(done, counted) // 10},{_permille(done, counted) % 10}%" if counted else "–"


def _permille(done: int, counted: int) -> int:
    return done * 1000 // counted


def _numbers(tally: Tally) -> tuple[str, str, str, str]:
    rate = rate_text(tally.done, tally.counted)
    return str(tally.counted), str(tally.done), str(tally.missing), rate.rstrip("%")


def _who(coverage: Coverage) -> str:
    return "ứng dụng" if coverage.campaign.goal.of_applications else "người"


def _is_committee(issuer: Issuer) -> bool:
    """Tell whether the province's committee itself issues the report: no other stands over it (Decree 30/2020, Appendix I)."""
    return issuer.agency.casefold() in (f"ủy ban nhân dân {issuer.province}".casefold(), "ủy ban nhân dân tỉnh")


def _place(province: str) -> str:
    first, _, rest = province.partition(" ")
    return rest if first.lower() == "tỉnh" and rest else province


def _long_date(day: date) -> str:
    month = f"0{day.month}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def _weeks(days: Sequence[Day]) -> list[Day]:
    """Give the days of the chart's table: the last one and those whole weeks before it; fewer where there are too many."""
    every = 7 * max(1, -(-len(days) // (7 * _MOST_WEEKS)))
    chosen = list(days[::-1][::every])
    return chosen[::-1]


def _deadline(coverage: Coverage, calendar: WorkingDays) -> str:
    day, deadline = coverage.last.day, coverage.campaign.deadline
    if day > deadline:
        return f"Thời hạn hoàn thành là ngày {date_text(deadline)}, đã quá {(day - deadline).days} ngày."
    return f"Thời hạn hoàn thành là ngày {date_text(deadline)}, còn {calendar.between(day, deadline)} ngày làm việc."


def _outlook(coverage: Coverage) -> str:
    if coverage.last.counted == coverage.last.done:
        return "Không còn ai phải thực hiện."
    (more, span), reached = coverage.pace, coverage.forecast
    if reached is None:
        return f"Trong {span} ngày gần đây không có thêm kết quả; theo nhịp này thì không hoàn thành được." if span \
            else "Chưa đủ ngày để dự kiến."
    late = ", sau thời hạn" if reached > coverage.campaign.deadline else ""
    return (f"Theo nhịp {span} ngày gần đây (thêm {number_text(more)} {_who(coverage)}), dự kiến hoàn thành vào ngày "
            f"{date_text(reached)}{late}.")


def _causes(coverage: Coverage) -> str:
    if not coverage.missing:
        return "Không còn trường hợp nào."
    parts = [f"{number_text(many)} {_who(coverage)} {STEPS[step]}" for step, many in steps_of(coverage)]
    return f"Trong {number_text(len(coverage.missing))} {_who(coverage)} còn thiếu: {', '.join(parts)}."


def _population(coverage: Coverage) -> str:
    who, campaign = _who(coverage), coverage.campaign
    reasons = Counter(one.excluded or one.reason for one in coverage.excluded)
    out = "; ".join(f"{REASONS.get(reason, reason).lower()} {many}" for reason, many in sorted(reasons.items()))
    return (f"Chốt {number_text(coverage.listed)} {who} ngày {date_text(day_of(campaign.created_at))}; từ đó thêm "
            f"{number_text(coverage.joined)}, bớt {number_text(coverage.left)}. Đang không tính "
            f"{number_text(len(coverage.excluded))} {who}{f' ({out})' if out else ''}. "
            f"Nay tính {number_text(coverage.last.counted)} {who}.")


def _proposal(coverage: Coverage, rows: Sequence[AgencyRow], calendar: WorkingDays) -> str:
    low = [row for row in rows if row.low]
    if not coverage.missing:
        return "Đề nghị cho kết thúc chiến dịch."
    by = min(calendar.after(coverage.last.day, 5), max(coverage.campaign.deadline, coverage.last.day + timedelta(days=1)))
    if not low:
        return "Đề nghị các đơn vị giữ nhịp thực hiện và hoàn thành trước thời hạn."
    return (f"Đề nghị thủ trưởng {len(low)} đơn vị dưới mức cần có chỉ đạo hoàn thành các việc nêu ở mục 3 thuộc trách nhiệm của "
            f"đơn vị trước ngày {date_text(by)}.")
