"""Signatures by SIM in the database."""
