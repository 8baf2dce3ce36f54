"""Verbs about what proves who an officer is."""
