"""Faults of the directory (F-01 to F-05): the running product under load, a fault, and what it did to anybody.

``python -m tests.faults`` (``make faults``) runs them at full length and prints one JSON line for each; ``test_faults.py`` runs
the same with the same demands for seconds.
"""
