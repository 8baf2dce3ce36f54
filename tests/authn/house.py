"""A sign-in on a real database, as a node of the province runs it, and what tests ask it."""

from __future__ import annotations

from dataclasses import replace

import pyotp

from idp.adapters.sql.authn.one_time_password import SqlOneTimePasswords
from idp.adapters.sql.authn.throttle import SqlGuessCounter
from idp.adapters.sql.authn.totp import SqlTotpStore
from idp.adapters.sql.database import Database
from idp.adapters.sql.directory.officers import SqlOfficers
from idp.adapters.sql.notices import SqlNotices
from idp.adapters.sql.trail.records import SqlAuditTrail
from idp.audit import Caller
from idp.authn.lockout import FACTOR_LIMITS, NO_PAUSE, PASSWORD_LIMITS, Lockout, Pause, ThrottledError
from idp.authn.one_time_password import OneTimePasswords
from idp.authn.second_factor import SecondFactors
from idp.authn.sign_in import SignIn
from idp.authn.totp import Totp
from idp.clock import Clock
from idp.directory.mirror import MirroredOfficer
from idp.directory.officer import Directory
from idp.notices import Notices
from tests.fakes.directory import PASSWORD
from tests.fakes.sealer import FakeSealer

SEED = "NRSWCZDFOJ2G65DQNRSWCZDFOJ2G65DQ"


class Node:
    """One process: its own rooms, a directory, and the database that all nodes share."""

    def __init__(self, database: Database, directory: Directory, clock: Clock, *, pause: Pause = NO_PAUSE) -> None:
        self.clock = clock
        self.mirror = SqlOfficers(database)
        counter = SqlGuessCounter(database)
        self.totp = Totp(SqlTotpStore(database), FakeSealer(), clock)
        audit = SqlAuditTrail(database)
        codes = Lockout(counter, clock, replace(FACTOR_LIMITS, pause=pause), kind="factor")
        self.factors = SecondFactors([(self.totp, codes)], audit, clock)
        self.sign_in = SignIn(directory, self.mirror, audit, clock, factors=self.factors,
                              passwords=Lockout(counter, clock, replace(PASSWORD_LIMITS, pause=pause)),
                              one_time=OneTimePasswords(SqlOneTimePasswords(database), clock, lifetime_seconds=86400),
                               notices=Notices(SqlNotices(database), clock),
                               mail_domain="haugiang.gov.vn")
        database.prepare()

    def outcome(self, name: str, password: str = PASSWORD, source: str = "203.0.113.7") -> str:
        """Try a password; a throttled try gives ``throttled``."""
        try:
            return self.sign_in.password(name, password, Caller(source, "request")).outcome
        except ThrottledError:
            return "throttled"

    def factor(self, officer: MirroredOfficer, code: str, source: str = "203.0.113.7") -> str:
        """Try a one-time code."""
        return self.factors.attempt(officer, "otp", {"otp": code}, Caller(source, "request")).outcome

    def code(self, steps: int = 0) -> str:
        """Give the code that the officer's app shows, some steps from now."""
        return pyotp.TOTP(SEED).at(self.clock.now() + 30 * steps)
