"""The end of certificates before it comes: who is told of it, how many end when and where, and renewals for an agency at once.

Source: Decree 68/2024 (renewal, Mẫu 04, is asked for while the certificate stands). What a renewal needs is decided in
``pki.enrollment.desk``, whoever asks for it and for how many.
"""
