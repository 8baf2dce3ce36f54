"""``/healthz`` (the process is alive) and ``/readyz`` (it can do its work: ``idp/readiness.py``)."""

from __future__ import annotations

from ...readiness import Readiness
from ..wsgi import EndpointRequest, Response, json


class HealthEndpoint:
    """``/healthz``: this process answers; nothing else is asked."""

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer."""
        return json(200, {"status": "alive"})


class ReadinessEndpoint:
    """``/readyz``."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def __call__(self, request: EndpointRequest) -> Response:
        """Answer."""
        status, body = self._readiness.look()
        return json(status, body)
