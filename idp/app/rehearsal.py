"""A deployment built once more over a database of its own, in which an application's connection is tried."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from werkzeug.exceptions import NotFound

from ..adapters.outbound import Recorded
from ..adapters.sql import schema
from ..audit import Caller
from ..clock import Clock
from ..endpoints import routes
from ..endpoints.monitoring.metrics import PrometheusMeter
from ..endpoints.sources import Sources
from ..endpoints.wsgi import Dispatcher
from ..services import Door, Services
from ..settings import Settings
from .people import WholeDirectory

STARTING = Caller(source="start", request_id="start")


@contextmanager
def rehearsal(build: Callable[..., Services], settings: Settings, documents: Mapping[str, bytes], *, directory: WholeDirectory,
              clock: Clock) -> Iterator[tuple[Services, Door]]:
    """Build the same deployment once more over a database of its own, which is empty and goes with it.

    It has keys of its own too, never one in a PKCS #11 token, and reaches nobody.

    Args:
        build: Puts a deployment together (``wiring.build_services``).
        settings: Of the deployment.
        documents: What stands at other people's addresses.
        directory: As the deployment's.
        clock: As the deployment's.
    """
    with tempfile.TemporaryDirectory(prefix="idp-rehearsal-") as folder:
        private = settings.model_copy(update={"database_url": f"sqlite:///{folder}/idp.sqlite3", "signing_keys": "database",
                                              "pkcs11_module": None, "ca_keys": "file", "smtp_host": "",
                                              "government_crl_fetch": False, "personal_data_notice_file": None})
        schema.upgrade(private.database_url)
        house = build(private, directory=directory, clock=clock, outbound=Recorded(documents))
        house.encryption_keys.ensure(STARTING)
        house.keys.ensure(STARTING)  # the later, as at a start: it loads what is published
        yield house, Dispatcher(routes.table(house, PrometheusMeter()), NotFound(), sources=Sources(("127.0.0.1",)))
