"""Stores of the rooms that prove who an officer is."""
