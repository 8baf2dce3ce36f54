"""Remote signing for programs: what the Cloud Signature Consortium's API means where a SIM signs.

Spec: CSC API 1.0.4.0 and 2.0; security checklist 57-59. Both versions are faces of one thing: a set of hashes that an officer
allows one application to have signed, on the phone, once (``authorization.Authorization``). Nothing here knows HTTP; the
parameters are read in ``idp/endpoints/csc``.
"""
