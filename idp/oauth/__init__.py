"""The RFC 6749 family: authorization server, clients, grants, tokens."""
