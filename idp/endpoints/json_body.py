"""A request's body as one JSON object, read once within limits.

Spec: RFC 7591 §3.1; RFC 8259 by ``idp.json_object``. 64 kB and 20 levels (security checklist 44).
"""

from __future__ import annotations

from typing import Any

from .. import json_object
from ..json_object import MAX_DEPTH
from .wsgi import EndpointRequest, MalformedRequestError, is_media_type

__all__ = ["MAX_DEPTH", "parse_object", "read_object"]

JSON_TYPE = "application/json"


def read_object(request: EndpointRequest) -> dict[str, Any]:
    """Read the body.

    Raises:
        MalformedRequestError: another content type, more than 64 kB, or anything but one sound JSON object.
    """
    if not is_media_type(request.content_type, JSON_TYPE):
        raise MalformedRequestError("The content type must be application/json in UTF-8.")
    return parse_object(request.body())


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; errors as ``read_object``."""
    try:
        return json_object.parse_object(body)
    except ValueError as err:
        raise MalformedRequestError(str(err)) from None
