"""The single sign-on session of one browser."""
