"""The Government's authority, as a province deals with it: a signed list of requests out, a list of results with certificates in.

It is the legal issuer of officers' certificates and has no interface for programs; people carry files. What leaves is signed and
kept as it left; what comes back is believed no further than the published chain and the request vouch for it.
"""
