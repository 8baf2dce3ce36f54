"""Custody of what holds private keys: tokens, SIMs and security modules, each by its number, each with one holder.

Source: Decree 68/2024 (record of a hand-over, Mẫu 07; of a return, within 5 working days, Mẫu 08; of a loss, Mẫu 09). What is
kept and which step leads where: ``device``; what people do with a device that follows no request: ``register``. The desk's
own steps go by the same table (``enrollment.hand_overs``).
"""
