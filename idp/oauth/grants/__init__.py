"""Grant types, each a shell over Authlib's class that calls a pure function beside it."""
