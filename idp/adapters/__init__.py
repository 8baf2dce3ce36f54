"""The outside world, one port each; adapters do not know each other."""
