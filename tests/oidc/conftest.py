"""The wired house for these tests."""

from tests.provider import house  # noqa: F401
