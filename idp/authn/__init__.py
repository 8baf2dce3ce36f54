"""Proving who the officer is; one file per factor."""
