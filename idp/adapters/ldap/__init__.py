"""The officers' LDAP directory."""
