"""``flask worker run|notices|mail``: the worker process, and what waits or is dead (docs/operations/logout.md, mail.md)."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from typing import Protocol

import click

from ..notices.mail import RECEIVER
from ..services import Services
from .verb import Verbs

_ENDING = (signal.SIGTERM, signal.SIGINT)


class LongRunning(Protocol):
    """The worker (``idp.worker.Worker``)."""

    def run(self) -> None:
        """Work until ``stop``."""
        ...

    def stop(self) -> None:
        """Ask for the end."""
        ...

    def once(self) -> None:
        """Do what is due, once."""
        ...


def commands(services: Callable[[], Services], make_worker: Callable[[Services], LongRunning]) -> Verbs:
    """Make the command group ``worker``.

    Args:
        services: Gives the wired rooms.
        make_worker: Makes the worker over them.
    """
    group = Verbs("worker", help="The worker: sends logout notices and mail, seals the audit trail, clears what has expired.")

    @group.command("run")
    @click.option("--once", is_flag=True, help="Do what is due and end.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON at the end; the log on standard error always is.")
    def run(once: bool, as_json: bool) -> None:
        """Work until SIGTERM or Ctrl-C; a second worker beside it does no harm."""
        worker = make_worker(services())
        if once:
            worker.once()
        else:
            _until_signal(worker)
        if as_json:
            click.echo(json.dumps({"ended": "once" if once else "signal"}))

    @group.command("notices")
    @click.option("--retry", "client_id", default="", metavar="CLIENT_ID", help="Queue this application's dead notices anew.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def notices(client_id: str, as_json: bool) -> None:
        """Show logout notices that cannot be delivered, by application; exit status 0 also when there are some."""
        house = services()
        revived = house.outbox.revive(client_id, now=house.clock.now()) if client_id else 0
        state = house.outbox.state()
        if as_json:
            click.echo(json.dumps({
                "waiting": state.waiting, "oldest_waiting_at": state.oldest_waiting_at, "dead": state.dead, "revived": revived,
                "failing": [{"client_id": f.client_id, "waiting": f.waiting, "dead": f.dead, "last_error": f.last_error}
                            for f in state.failing]}))
            return
        if client_id:
            click.echo(f"{revived} dead notices of {client_id} are queued anew.")
        click.echo(f"{state.waiting} notices wait, {state.dead} are dead.")
        for failing in state.failing:
            click.echo(f"{failing.client_id}: {failing.waiting} wait, {failing.dead} dead; last answer: {failing.last_error}")

    @group.command("mail")
    @click.option("--retry", is_flag=True, help="Queue dead mails anew.")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    def mail(retry: bool, as_json: bool) -> None:
        """Show notices to officers that the mail server has not taken; exit status 0 also when there are some."""
        house = services()
        revived = house.mail.revive(RECEIVER, now=house.clock.now()) if retry else 0
        state = house.mail.state()
        last_error = next((failing.last_error for failing in state.failing), "")
        if as_json:
            click.echo(json.dumps({"waiting": state.waiting, "oldest_waiting_at": state.oldest_waiting_at, "dead": state.dead,
                                   "revived": revived, "last_error": last_error}))
            return
        if retry:
            click.echo(f"{revived} dead mails are queued anew.")
        click.echo(f"{state.waiting} mails wait, {state.dead} are dead{f'; last answer: {last_error}' if last_error else ''}.")

    return group


def _until_signal(worker: LongRunning) -> None:
    """Run in a thread and wait for a signal here: no handler interrupts anything, and the end is the same for all."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    try:
        while thread.is_alive() and signal.sigtimedwait(_ENDING, 1.0) is None:
            pass
    finally:
        worker.stop()
        thread.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
