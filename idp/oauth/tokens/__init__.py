"""Tokens: what they are, whom they are for, and what is told of them."""
