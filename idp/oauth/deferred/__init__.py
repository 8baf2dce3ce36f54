"""Authorizations that are waited for: a client polls until an officer has answered on another device (RFC 8628, CIBA)."""
