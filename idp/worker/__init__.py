"""The one long-running process behind the web: outbox, sealing, housekeeping, and the directory's feed.

Loops run in threads of their own, so that none waits for another: ``sealer``, ``outbox``, ``pings``, ``mail`` and
``consequences`` look every half second or oftener, ``schedule`` does what is due, ``archives`` lets old months of the trail leave
the database, ``campaigns``, ``courses`` and ``reminders`` look after campaigns, ``jobs`` writes files and takes lists that people
asked for, ``feed`` listens to the directory. A database that is away stops none of them: they try again with a growing pause, and
the log says once that it went and once that it came back.
SIGTERM ends the process within seconds; what was being sent is finished or given back, and so is a job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog

from ..administration.applications.onboarding import LOOK_SECONDS
from ..audit import Caller
from ..audit.archive.archives import FOLDER
from ..audit.archive.file import BrokenArchiveError
from ..directory.brake import BrakedError
from ..directory.changes import Consequences, OfficerChange
from ..errors import IdpError, UnavailableError
from ..services import Services
from .directory_watch import DirectoryWatch
from .outbox import OutboxPump
from .schedule import Job, Schedule
from .sealer import SealingRounds

LONGEST_PAUSE_SECONDS = 3.0
WORKER = Caller(source="worker", request_id="worker")


class Outages:
    """Remembers which loops are without the database, so that the log has one line per change and not one per try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._without: set[str] = set()
        self._log = structlog.get_logger("idp.worker")

    def began(self, loop: str, err: UnavailableError) -> None:
        """Note that a loop could not work."""
        with self._lock:
            first = not self._without
            self._without.add(loop)
        if first:
            self._log.error("dependency unavailable", dependency=err.dependency, reason=err.debug or err.message)

    def ended(self, loop: str) -> None:
        """Note that a loop works."""
        if loop not in self._without:
            return
        with self._lock:
            self._without.discard(loop)
            last = not self._without
        if last:
            self._log.info("dependency recovered")


class Worker:
    """The loops and their end."""

    def __init__(self, services: Services) -> None:
        self._stop = threading.Event()
        self._outages = Outages()
        self._log = structlog.get_logger("idp.worker")
        self._sealing = SealingRounds(services.audit_chain)
        self._pumps: dict[str, OutboxPump[Any]] = {
            "outbox": OutboxPump(services.outbox, services.logout_delivery, services.clock, stopping=self._stop.is_set),
            "pings": OutboxPump(services.pings, services.ping_delivery, services.clock, stopping=self._stop.is_set),
            "mail": OutboxPump(services.mail, services.mail_delivery, services.clock, stopping=self._stop.is_set,
                                wide=2, narrow=1)}
        self._schedule = Schedule(self._jobs(services), services.clock)
        self._mirroring = services.mirroring
        self._braked = ""
        self._lists = services.list_fetcher
        self._months = services.archived_months
        self._hindered = ""
        self._phones, self._remote = services.mobile_signatures, services.remote_signing
        self._approvals = services.phone_approvals
        self._work = services.job_work
        self._courses, self._clock = services.campaign_courses, services.clock
        self._campaigns, self._reminders = services.campaigns, services.campaign_reminders

    def _jobs(self, services: Services) -> list[Job]:
        watch = DirectoryWatch(services.directory.health, services.audit, services.clock)

        def sweep() -> None:
            gone = services.housekeeping.sweep(services.clock.now())
            if gone:
                self._log.info("expired rows deleted", **gone)

        def keys() -> None:
            for ring, what in ((services.keys, "signing"), (services.encryption_keys, "encryption")):
                rotated = ring.rotate_due(WORKER)
                if rotated:
                    self._log.info(f"{what} key rotated", alg=rotated)
            services.keys.prune(WORKER)
            services.keys.destroy_spent(WORKER)

        return [
            Job("heartbeat", 2, lambda: services.pulse.beat(services.clock.now())),
            Job("directory", 10, watch.look),
            Job("ended terms", 2, services.mirroring.ended_terms.settle),
            Job("sessions", 15, lambda: services.sessions.end_overdue(WORKER)),
            Job("guests without a sponsor", 3600, lambda: services.mirroring.sponsors.look(WORKER)),
            Job("disabled officers", 15, lambda: services.deprovisioning.settle(WORKER)),
            Job("housekeeping", 60, sweep),
            Job("counted refusals", 5, lambda: services.audit_repeats.settle(services.clock.now())),
            Job("daily heads", 60, lambda: services.daily_heads.follow(WORKER)),
            Job("keys", 600, keys),
            Job("use of applications", LOOK_SECONDS, services.client_steps.look_at_use),
            Job("unfinished certificates", 60, services.certification.settle),
            Job("OCSP signers", 600, lambda: services.ocsp.renew_due(WORKER)),
            Job("time-stamp signer", 600, lambda: services.certificate_protocols.time_stamps.renew_due(WORKER)),
            Job("revocation lists", 60, services.revocation_lists.make_due),
            Job("ended certificates", 60, lambda: services.certificate_desk.ending.expire(WORKER, most=500)),
            Job("expiring certificates", 600, lambda: services.certificate_desk.reminders.remind(WORKER, most=500)),
            Job("waiting requests", 300, lambda: services.certificate_desk.waiting.tell(WORKER)),
            Job("deputies near their end", 3600,
                lambda: services.administration.people.deputies.remind(WORKER, most=500)),
            Job("overdue devices", 600, lambda: services.certificate_desk.overdue.remind(WORKER, most=500)),
        ]

    def run(self) -> None:
        """Work until ``stop`` is called."""
        loops = [threading.Thread(target=self._loop, args=(name, step, pause), name=name) for name, step, pause in (
            ("sealer", self._sealing.round, 0.5), ("schedule", self._schedule.round, 0.5), ("feed", self._feed, 1.0),
            ("consequences", self._consequences, 0.25),
            ("archives", self._archive, 600.0),  # takes minutes, in small steps
            ("jobs", self._do_a_job, 0.5),  # so does one of these
            ("campaigns", self._follow_campaigns, 600.0),  # some seconds for 100,000 people, and so the next two
            ("courses", self._keep_courses, 300.0),
            ("reminders", self._remind, 600.0),
            # In a loop of its own: others may take their time to answer.
            *((("phones", self._phones_round, 0.5), ("cards", self._cards_round, 5.0),
               ("approvals", self._approvals_round, 0.5)) if self._phones is not None else ()),
            *((("fetched lists", self._fetch_lists, 3600.0),) if self._lists is not None else ()),
            *((name, pump.round, 0.5) for name, pump in self._pumps.items()))]
        self._log.info("worker started")
        for loop in loops:
            loop.start()
        self._stop.wait()
        for pump in self._pumps.values():
            pump.wake()
        for loop in loops:
            loop.join(15)
        for pump in self._pumps.values():
            pump.close()
        self._log.info("worker stopped")

    def stop(self) -> None:
        """Ask for the end; safe in a signal handler."""
        self._stop.set()

    def once(self) -> None:
        """Do everything that is due, once, in this thread; for tests and for a look by hand.

        Raises:
            UnavailableError: the database does not answer.
        """
        self._schedule.round()
        self._feed(once=True)
        self._consequences()
        for pump in self._pumps.values():
            pump.round()
            pump.drain()
        if self._phones is not None:
            self._approvals_round()
            self._phones_round()
            self._cards_round()
        while self._do_a_job():
            pass
        self._sealing.round()
        self._follow_campaigns()
        self._keep_courses()
        self._remind()
        self._archive()

    def _feed(self, *, once: bool = False) -> None:
        """Follow the directory; what the brake stops is said once, and stands in /readyz until somebody has looked."""
        def stopping() -> bool:
            self._outages.ended("feed")  # asked only while the directory and the database answer
            return self._stop.is_set()

        try:
            self._mirroring.feed.round(stopping, once=once)
            self._braked = ""
        except BrakedError as err:
            if err.message != self._braked:
                self._log.error("directory braked", reason=err.message)
            self._braked = err.message

    def _consequences(self) -> None:
        """Draw the consequences of changes; one officer's trouble holds up nobody else's."""
        self._mirroring.aftermath.round(self._attempt)

    def _fetch_lists(self) -> None:
        """Fetch what another authority says that it has revoked."""
        assert self._lists is not None
        self._log.info("revocation lists of another authority fetched", **self._lists.round())

    def _phones_round(self) -> None:
        """Ask services what came of the signatures that are under way."""
        assert self._phones is not None
        self._phones.signing.go_on(WORKER, most=50)
        if self._remote is not None:
            self._remote.signing.go_on(WORKER, most=50)

    def _approvals_round(self) -> None:
        """Have phones asked what applications ask by name, and take what they have said."""
        if self._approvals is not None:
            self._approvals.go_on(most=50)

    def _cards_round(self) -> None:
        """Take SIMs on that need nobody, and look at cards that were not looked at for a night."""
        assert self._phones is not None
        self._phones.brake.settle(WORKER, most=200)
        self._phones.sims.settle(WORKER, most=50)
        self._phones.nightly.look(WORKER, most=20)

    def _do_a_job(self) -> bool:
        """Do the oldest job that is due; tell whether there was one."""
        job = self._work.take()
        if job is None:
            return False
        self._log.info("job begun", job=job.job_id, kind=job.kind)
        try:
            self._work.do(job, self._stop.is_set)
        except IdpError:
            raise
        except Exception:
            # The edge of what is plugged in: whoever asked reads that it failed, the operator why.
            self._log.exception("job failed", job=job.job_id, kind=job.kind)
            self._work.broke(job)
        return True

    def _follow_campaigns(self) -> None:
        """Write down what the directory changed in the lists of campaigns."""
        self._campaigns.follow()

    def _keep_courses(self) -> None:
        """Keep the courses of long campaigns, so that no page waits until one is followed."""
        self._courses.keep(self._clock.now())

    def _remind(self) -> None:
        """Remind some of those who are missing in campaigns: 100,000 within a week, and no other mail waits behind them all."""
        self._reminders.remind(WORKER, most=500)

    def _archive(self) -> None:
        """Let old months of the trail leave the database, and say which files are due; what hinders it is said once."""
        trouble = ""
        try:
            left = self._months.archives.follow(WORKER, self._stop.wait)
            if left:
                self._log.info("months of the audit trail left the database", months=left)
        except BrokenArchiveError as err:
            trouble = err.message
        except UnavailableError as err:
            if err.dependency != FOLDER:
                raise
            trouble = err.debug or err.message
        if trouble and trouble != self._hindered:
            self._log.error("months of the audit trail stay in the database", reason=trouble)
        self._hindered = trouble
        self._months.tell(WORKER)

    def _attempt(self, consequences: Consequences, change: OfficerChange) -> bool:
        try:
            consequences.of(change)
        except UnavailableError:
            raise
        except Exception:
            # The edge of what is plugged in: it must not hold up everybody else, and it is not hidden.
            self._log.exception("consequences failed", kind=change.kind.value, sub=change.sub)
            return False
        return True

    def _loop(self, name: str, step: Callable[[], object], pause: float) -> None:
        wait = pause
        while not self._stop.is_set():
            try:
                step()
            except UnavailableError as err:
                self._outages.began(name, err)
                wait = min(LONGEST_PAUSE_SECONDS, wait * 2)
            except IdpError as err:
                self._log.error("step failed", loop=name, reason=err.message, detail=err.debug)
                wait = LONGEST_PAUSE_SECONDS
            except Exception:
                # The edge of the process: a fault in one step must not end the other loops, and it is not hidden.
                self._log.exception("step failed", loop=name)
                wait = LONGEST_PAUSE_SECONDS
            else:
                self._outages.ended(name)
                wait = pause
            if name in self._pumps and wait == pause:
                self._pumps[name].wait(pause)
            else:
                self._stop.wait(wait)
