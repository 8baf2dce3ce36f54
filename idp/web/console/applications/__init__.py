"""``/admin/applications/``: what is connected to single sign-on, who answers for it, and how far it has come."""
