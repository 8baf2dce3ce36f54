"""The one long-running process behind the web: outbox, sealing, housekeeping."""
