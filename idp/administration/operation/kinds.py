"""What can be asked for as a job: files of people and of the audit trail, and lists of the certificate desk (``jobs``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...audit import Caller
from ...errors import RefusedError
from ...roles import Administrator, Right
from ..audit.exports import AuditExports
from ..enrollment.lists import TAKEN, EnrollmentLists
from ..people.file import OfficerFile
from ..rollout.accounts import ForgottenAccounts
from ..rollout.files import LISTS as CAMPAIGN_LISTS
from ..rollout.files import CampaignFiles
from .files import FILES, ListFile, Tick, asked_for
from .jobs import Follow, Kind, Made

LISTS = "list"


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that is written.

    Attributes:
        checks: Refuses; gives the purpose.
        writes: Begins it.
    """

    checks: Callable[[Administrator, Mapping[str, Any]], str]
    writes: Callable[[Administrator, Mapping[str, Any], Caller, Tick], ListFile]
    takes_file: bool = False

    def check(self, who: Administrator, asked: Mapping[str, Any]) -> str:
        """As the port says."""
        return self.checks(who, asked)

    def do(self, who: Administrator, asked: Mapping[str, Any], content: Iterator[bytes], caller: Caller, follow: Follow) -> Made:
        """As the port says."""
        told: dict[str, int] = {}

        def tick(rows: int) -> None:
            told["rows"] = rows
            follow(rows, file.total)

        file = self.writes(who, asked, caller, tick)
        follow(0, file.total)
        return Made(file.name, file.media_type, file.chunks, told)


@dataclass(frozen=True, slots=True)
class Taken:
    """A list of the certificate desk that is taken in; what is to be corrected comes back as a file.

    Attributes:
        lists: Takes it.
        problems: Writes what is to be corrected.
    """

    lists: EnrollmentLists
    problems: Callable[[Sequence[Mapping[str, Any]]], bytes]
    takes_file: bool = True

    def check(self, who: Administrator, asked: Mapping[str, Any]) -> str:
        """As the port says."""
        if asked.keys() != {"form", "submit"} or asked["form"] not in TAKEN or not isinstance(asked["submit"], bool):
            raise RefusedError(f"form: one of {', '.join(TAKEN)}; submit: true or false.", code="invalid_body", status=422)
        who.demand(Right.CHANGE, Right.ASK_CERTIFICATES)
        self.lists.check(who, asked["form"])
        return ""

    def do(self, who: Administrator, asked: Mapping[str, Any], content: Iterator[bytes], caller: Caller, follow: Follow) -> Made:
        """As the port says."""
        answer = self.lists.take(who, b"".join(content), form=asked["form"], dry=False, submit=asked["submit"], caller=caller,
                                 follow=follow)
        told = {"rows": answer["good"] + answer["bad"], **{name: answer[name] for name in ("good", "bad", "already")}}
        wrong = [self.problems(answer["problems"])] if answer["problems"] else []
        return Made(f"can-sua-{asked['form']}.csv", FILES["csv"], iter(wrong), told)


def kinds(officers: OfficerFile, audit: AuditExports, accounts: ForgottenAccounts, campaigns: CampaignFiles,
          lists: EnrollmentLists, problems: Callable[[Sequence[Mapping[str, Any]]], bytes]) -> Mapping[str, Kind]:
    """Give the kinds by name."""
    def of_officers(who: Administrator, asked: Mapping[str, Any]) -> str:
        officers.check(who, asked)
        return asked_for(asked)[0]

    def of_audit(who: Administrator, asked: Mapping[str, Any]) -> str:
        who.demand(Right.ADMINISTER)
        return str(audit.check(who, asked)["purpose"])

    def of_accounts(who: Administrator, asked: Mapping[str, Any]) -> str:
        who.demand(Right.ADMINISTER)
        accounts.check(who, asked)
        return asked_for(asked)[0]

    def trail(who: Administrator, asked: Mapping[str, Any], caller: Caller, tick: Tick) -> ListFile:
        export = audit.begin(who, asked, caller, tick)
        return ListFile(export.name, "application/zip", export.chunks)

    def of_campaign(which: str) -> Kind:
        def check(who: Administrator, asked: Mapping[str, Any]) -> str:
            who.demand(Right.ADMINISTER)
            campaigns.count(who, which, *_campaign(asked))
            return asked_for(asked)[0]

        return Exported(check, lambda who, asked, caller, tick: campaigns.file(who, which, *_campaign(asked), caller, tick))

    return {
        "officers": Exported(of_officers, officers.file), "audit": Exported(of_audit, trail),
        "accounts": Exported(of_accounts, accounts.file), **{which: of_campaign(which) for which in CAMPAIGN_LISTS},
        LISTS: Taken(lists, problems)}


def _campaign(asked: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    campaign = asked.get("campaign")
    if not isinstance(campaign, str):
        raise RefusedError("campaign: the number of a campaign.", code="invalid_body", status=422)
    return campaign, {name: value for name, value in asked.items() if name != "campaign"}
