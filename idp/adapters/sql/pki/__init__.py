"""Stores of the certificate desk."""
