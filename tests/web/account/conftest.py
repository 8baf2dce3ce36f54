"""The pages of self-service are tested over the same site as the others."""

from __future__ import annotations

from tests.web.conftest import site

__all__ = ["site"]
