"""The audit trail in the console."""
