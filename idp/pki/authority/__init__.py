"""The province's own certification authority: for pilots, devices, TLS clients and tests.

The legal issuer of officers' certificates is the Government's authority; what is issued here says so in its policy. A root that
is kept away from the machines vouches for an issuing authority whose key is in ``keys/`` or in a token.
"""
