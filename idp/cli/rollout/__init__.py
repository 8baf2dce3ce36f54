"""``flask rollout``: campaigns and their reports."""
