"""Stores of the room ``rollout``."""
