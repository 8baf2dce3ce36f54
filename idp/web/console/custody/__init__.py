"""Custody in the console: devices with private keys, and the records of their hand-over, return and loss.

Source: Decree 68/2024 (Mẫu 07, 08, 09).
"""
