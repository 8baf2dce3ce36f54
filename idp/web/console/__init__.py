"""The administrators' console: ``/admin/`` and the pages of the certificate desk and its devices."""

from __future__ import annotations

from flask import Blueprint, Response

from ...roles import Right
from ...services import Services
from ..onward import see_other
from . import acts, asking, desk, expiry, lists, papers, passwords, renewals, tasks
from .applications import form as application_form
from .applications import officers as application_officers
from .applications import pages as application_pages
from .audit import exports as audit_exports
from .audit import records as audit
from .custody import devices, records
from .door import Door
from .operation import announcements, jobs, keys, system
from .pasted import read_as_it_looks
from .people import agencies, deputies, holders, officers
from .rollout import accounts, changing
from .rollout import lists as rollout_lists
from .rollout import pages as rollout
from .rollout import reminding as rollout_reminding
from .signing import asking as sim_asking
from .signing import signatures, sims

HOME = "/admin/"


def blueprint(services: Services) -> Blueprint:
    """Make ``/admin/...``."""
    views = Blueprint("console", __name__, url_prefix="/admin")
    views.before_request(read_as_it_looks)
    door = Door(services)

    @views.get("/")
    def home() -> Response:
        entered = door.enter(HOME, *Right)
        if isinstance(entered, Response):
            return entered
        if not entered.who.may(Right.ADMINISTER):
            return see_other(door.first_place(entered))
        counts = services.administration.enrollments.counted(entered.who)
        waiting = services.administration.enrollments.waiting(entered.who)
        return door.page("console/home.html", entered, here="home", states=desk.state_rows(counts["states"]),
                         campaigns=rollout.running(services, entered, most=4),
                         waiting=[*sims.waiting_rows(services, entered.who), *desk.waiting_rows(waiting),
                                  *tasks.waiting_rows(services, entered.who), *expiry.waiting_rows(services, entered.who)],
                         may_act=entered.who.may_change)

    for room in (audit, audit_exports, officers, agencies, deputies, holders,
                 lists, papers, expiry, renewals, acts, asking, desk, devices, records, tasks, passwords, application_form,
                 application_pages, application_officers, announcements, keys, jobs, system, sim_asking, sims, signatures,
                 accounts, changing, rollout, rollout_lists, rollout_reminding):
        room.add(views, services, door)
    return views
