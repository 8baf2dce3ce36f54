"""What is hidden of personal facts on pages and in lists (docs/operations/roles.md)."""

from __future__ import annotations


def phone(number: str) -> str:
    """Give a telephone number with its last three digits only; "" for none."""
    return f"•••• ••• {number[-3:]}" if len(number) >= 6 else ("•" * len(number))
