"""What the desk offers to programs: views over ``pki.enrollment`` and ``signing.sims``."""
