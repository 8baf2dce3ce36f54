"""Stores of the audit trail."""
