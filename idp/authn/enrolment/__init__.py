"""The first second factor of an officer: when it must be there, and what it takes to enrol it."""
