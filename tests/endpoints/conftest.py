"""The wired house for these tests."""

from tests.provider import house, registry_house  # noqa: F401
