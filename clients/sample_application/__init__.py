"""What the two sample applications have in common: an OpenID Connect relying party in Flask, as a vendor would write it.

``application`` signs officers in and out with Authlib's Flask client, ``sessions`` keeps their sessions on the server, and
``logout_token`` reads the notices by which the provider says that a session has ended. An application of the province is
free to copy all of it.
"""
