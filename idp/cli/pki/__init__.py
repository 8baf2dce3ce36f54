"""Verbs of the certificate desk."""
