"""Authorization requests: how they arrive, and what they hold beyond parameters."""
