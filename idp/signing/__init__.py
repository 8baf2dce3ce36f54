"""Signing by SIM: what is asked of an officer's phone, what came of it, and what proves it later.

Spec: ETSI TS 102 204 (mobile signature service). The service of a carrier is reached through ``mobile_signature``'s port; what
its codes mean to a person is decided in ``outcome``, what the phone shows in ``sim_text`` and ``verification_code``.
"""
