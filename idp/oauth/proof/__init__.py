"""Tokens that only their holder can use: the proof that comes with a request, and what a token is bound to."""
