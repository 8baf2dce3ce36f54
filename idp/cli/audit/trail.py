"""``flask audit verify|export|accept-chain|heads``: does the chain hold, the records of a time (docs/operations/audit.md)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from ...audit import AuditEvent, AuditRecord, Caller
from ...audit.archive.month import DISCARDED
from ...audit.chain import Acceptance, AuditReader, BrokenChainError, ChainReport, KnownHead, name_of
from ...audit.lines import ZONE, csv_head, csv_lines, json_lines
from ...audit.seal import SealHead, StoredRecord
from ...services import Services
from ..verb import Verbs
from . import archive

_PAGE = 1000
_WHAT = {
    "record_changed": "Record {record} was changed after it was sealed.",
    "record_added": "Record {record} was added among sealed records.",
    "record_missing": "Record {record} is missing.",
    "seal_changed": "Seal {seal} was changed.",
    "seal_missing": "Seal {seal} is missing.",
    "signature_invalid": "The signature of seal {seal} does not fit: it was made with another key.",
    "end_missing": "The chain ends before seal {seal}, but a later seal is known outside the database: its end was cut off,"
                   " or an older copy of the database was restored.",
    "end_replaced": "Seal {seal} is not the one that is known outside the database: the end of the chain was replaced.",
    "archive_forged": "What the database says of the month that begins with seal {seal} is signed by no key that seals.",
    "archived": "Seal {seal} is in the archive of a month: compare it there, by audit verify --file ... --head ...",
    "other_chain": "The keys folder knows chain {known} up to seal {seal}, the database has {chain}: the trail was thrown away"
                   " and begun anew, or this is another database than before. If that was meant: audit accept-chain.",
}
_LONGEST_REASON = 200
_MOST_HEADS = 60


def commands(services: Callable[[], Services]) -> Verbs:
    """Make the command group ``audit``."""
    group = Verbs("audit", help="The audit trail.")

    @group.command("verify")
    @click.option("--head", "head_text", default="", metavar="NUMBER:HASH",
                  help="A seal known from elsewhere, as the log prints it.")
    @click.option("--archives", is_flag=True, help="Read the files of archived months too, with all that they hold.")
    @click.option("--file", "path", type=click.Path(dir_okay=False, exists=True, path_type=Path), default=None,
                  help="Only this file of an archived month, by the keys alone.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def verify(head_text: str, archives: bool, path: Path | None, as_json: bool) -> None:
        """Walk the whole chain; exit status 1 and the first broken record when it does not hold."""
        room = services().archived_months.archives
        if path is not None:
            with path.open("rb") as file:
                month = room.examine(file, _head(head_text))
            click.echo(json.dumps({"holds": True, "month": month.month, "records": month.records}) if as_json else
                       f"The archive of {month.month} holds: {month.records} records under seals {month.first} to {month.last}.")
            return
        read = [room.check(one.month.month) for one in room.months() if one.state != DISCARDED] if archives else []
        report = services().audit_chain.verify(_head(head_text))
        if as_json:
            click.echo(json.dumps({**_report(report), **({"archives": [month.month for month in read]} if archives else {})}))
        elif report.broken is None:
            for month in read:
                click.echo(f"The archive of {month.month} holds: {month.records} records.")
            if (last := report.purged.last) is not None:
                click.echo(f"{report.purged.records} records up to seal {last.last} are in archives; what follows hangs on it.")
            click.echo(f"The chain holds: {report.records} records under {report.seals} seals"
                       + (f"; {report.unsealed} newer records wait for their seal." if report.unsealed else "."))
        else:
            click.echo(_sentence(report), err=True)
        if report.broken is not None:
            raise SystemExit(1)

    @group.command("accept-chain")
    @click.option("--reason", required=True, help="Why the database has another chain, or an older end, than is known.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def accept_chain(reason: str, as_json: bool) -> None:
        """Let the chain of the database be the known one: after it was restored or made anew on purpose. It is recorded."""
        if not reason.strip() or len(reason) > _LONGEST_REASON:
            raise click.UsageError(f"--reason is a sentence of at most {_LONGEST_REASON} characters.")
        house = services()
        try:
            done = house.audit_chain.accept(reason.strip(), house.audit, Caller("cli", secrets.token_hex(8)))
        except BrokenChainError as err:
            raise click.ClickException(f"{_sentence(err.report)} Nothing was accepted.") from err
        if as_json:
            answer = {"accepted": done.before is not None, "known": _known(done.now), "before": _known(done.before)}
            click.echo(json.dumps(answer))
        else:
            click.echo(_accepted(done))

    @group.command("export")
    @click.option("--from", "start_text", required=True, metavar="WHEN", help="First day (2026-11-01) or moment, Vietnam time.")
    @click.option("--to", "end_text", required=True, metavar="WHEN", help="Last day, or the moment before which it ends.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of CSV.")
    def export(start_text: str, end_text: str, as_json: bool) -> None:
        """Print the records of a time. The export is itself recorded first; without that record there is no export."""
        start, end = _moment(start_text, "--from"), _moment(end_text, "--to", whole_day=True)
        if end <= start:
            raise click.UsageError("--to is not after --from.")
        house = services()
        house.audit.record(AuditRecord(
            AuditEvent.AUDIT_EXPORTED, house.clock.now(), source="cli", request_id=secrets.token_hex(8),
            detail={"from": start, "to": end}))
        if not as_json:
            click.echo(csv_head(), nl=False)
        for page in _pages(house.audit_reader, start, end):
            click.echo(json_lines(page) if as_json else csv_lines(page), nl=False)

    @group.command("heads")
    @click.option("--day", default="", metavar="YYYY-MM-DD", help="Write this day's head and its time-stamp to files.")
    @click.option("--out", type=click.Path(file_okay=False, exists=True, path_type=Path), default=Path(), help="Folder for them.")
    @click.option("--retry", is_flag=True, help="Have heads that were given up sent anew.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def heads(day: str, out: Path, retry: bool, as_json: bool) -> None:
        """Show the heads of the newest days, and whether they were time-stamped and sent off the machine."""
        house = services()
        revived = house.daily_heads.revive() if retry else 0
        found = house.daily_heads.newest(_MOST_HEADS)
        if day:
            one = next((head for head in found if head.day == day), None)
            if one is None:
                raise click.ClickException(f"There is no head of {day} among the newest {_MOST_HEADS} days.")
            (out / f"audit-head-{day}.json").write_bytes(one.document)
            if one.time_stamp:
                (out / f"audit-head-{day}.tsr").write_bytes(one.time_stamp)
        if as_json:
            click.echo(json.dumps({"revived": revived, "heads": [
                {"day": head.day, "chain": str(head.chain), "seal": head.number, "hash": head.hash.hex(),
                 "stamped": bool(head.time_stamp), "state": head.state, "attempts": head.attempts, "last_error": head.last_error}
                for head in found]}))
            return
        if retry:
            click.echo(f"{revived} heads are sent anew.")
        for head in found:
            stamped = "stamped" if head.time_stamp else "not stamped"
            click.echo(f"{head.day}  {head.number}:{head.hash.hex()}  {stamped}, {head.state}"
                       + (f" ({head.last_error})" if head.last_error else ""))

    archive.add(group, services)
    return group


def heads_health(house: Services) -> Iterator[tuple[str, str, str]]:
    """Say for ``doctor`` how daily heads do: ``ok``, ``warning`` or ``failed``; what was found; what to do."""
    found = house.daily_heads.newest(_MOST_HEADS)
    dead = [head.day for head in found if head.state == "dead"]
    if not house.daily_heads.configured:
        # A developer's machine has no other one to send them to.
        yield ("ok" if house.settings.development else "warning", "daily heads stay on this machine.",
               "Set IDP_AUDIT_HEADS_TO (docs/operations/audit.md, section 8).")
    elif dead:
        yield ("failed", f"the place outside did not take the daily heads of {', '.join(sorted(dead))}.",
               "Mend what audit heads names, then run: flask --app wsgi audit heads --retry")
    elif any(head.state == "waiting" and head.attempts for head in found):
        yield ("warning", f"a daily head waits: {next(head.last_error for head in found if head.last_error)}",
               "It is tried again for a week; see that the receiver of IDP_AUDIT_HEADS_TO runs.")
    else:
        yield "ok", f"daily heads are sent; the newest is that of {found[0].day if found else 'no day yet'}.", ""


def _head(text: str) -> SealHead | None:
    if not text:
        return None
    number, _, value = text.partition(":")
    try:
        digest = bytes.fromhex(value)
        if not number.isascii() or int(number) < 1 or len(digest) != 32:
            raise ValueError
    except ValueError:
        raise click.UsageError("--head is the number of a seal, a colon, and its hash in 64 hexadecimal digits.") from None
    return SealHead(int(number), digest)


def _report(report: ChainReport) -> dict[str, Any]:
    broken = report.broken
    return {"holds": broken is None, "seals": report.seals, "records": report.records, "unsealed": report.unsealed,
            "oldest_unsealed_at": report.oldest_unsealed_at, "known": _known(report.known),
            "purged": None if report.purged.last is None else {
                "month": report.purged.last.month, "seal": report.purged.last.last, "hash": report.purged.last.hash.hex(),
                "records": report.purged.records},
            "chain": None if report.chain is None else str(report.chain),
            "broken": None if broken is None else {"seal": broken.seal, "record": broken.record, "what": broken.what}}


def _sentence(report: ChainReport) -> str:
    assert report.broken is not None
    what = _WHAT[report.broken.what].format(record=report.broken.record, seal=report.broken.seal, chain=name_of(report.chain),
                                            known=report.known.chain if report.known else "")
    if report.broken.what == "other_chain":
        return f"The chain does not hold. {what}"
    return f"The chain does not hold. {what} {report.records} records under {report.seals} seals before it are intact."


def _known(known: KnownHead | None) -> dict[str, Any] | None:
    """Write what is remembered; a chain's number as text, because it is larger than what every reader of JSON takes."""
    return None if known is None else {"chain": str(known.chain), "seal": known.head.number, "hash": known.head.hash.hex()}


def _accepted(done: Acceptance) -> str:
    if done.now is None:
        return "Nothing is known outside the database yet; the worker remembers the first seal that it makes."
    if done.before is None:
        return f"There is nothing to accept: the database has chain {done.now.chain}, which is the known one."
    before = done.before
    return (f"Chain {done.now.chain} up to seal {done.now.head.number} is the known one from now on. Known before: chain"
            f" {before.chain} up to seal {before.head.number}, {before.head.hash.hex()}. The trail has the record.")


def _moment(text: str, option: str, *, whole_day: bool = False) -> int:
    """Read a day or a moment in Vietnam time (or with its own offset); a last day counts to its end."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{option} is a day (2026-11-01) or a moment (2026-11-01T08:00).") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZONE)
    if whole_day and len(text) <= 10:
        moment += timedelta(days=1)
    return int(moment.timestamp())


def _pages(reader: AuditReader, start: int, end: int) -> Iterator[list[StoredRecord]]:
    """Give the records page by page, so that memory does not grow with their number."""
    after = 0
    while page := reader.between(start=start, end=end, after_id=after, limit=_PAGE):
        yield page
        after = page[-1].position.id
