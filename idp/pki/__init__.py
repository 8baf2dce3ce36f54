"""Certificates: what they say, who vouches for them, and whether they were withdrawn."""
