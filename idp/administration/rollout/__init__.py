"""Campaigns as administrators see and change them."""
