"""Document management, a sample: officers sign PDF files with their SIMs through the province's remote signing (CSC).

Spec: Decree 30/2020/NĐ-CP Appendix I (what a signature looks like, ``layout.toml``), ETSI EN 319 142-1 (PAdES), CSC API 1.0.4.0.
Of a document only the hash of the signed attributes leaves this application, with its number and title for the phone.
"""
