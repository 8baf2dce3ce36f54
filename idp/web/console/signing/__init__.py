"""``/admin/sims/``: signing SIMs of those whom an administrator oversees, each with its course and what may be done with it."""
