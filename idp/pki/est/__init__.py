"""Enrolment over secure transport: what goes over the wire, one-time passwords, and who gets which certificate; RFC 7030."""
