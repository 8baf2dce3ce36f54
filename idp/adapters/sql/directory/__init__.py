"""Stores of the rooms that know officers and agencies."""
