"""Signatures by SIM as administrators see them, and lists of SIMs in and out."""
