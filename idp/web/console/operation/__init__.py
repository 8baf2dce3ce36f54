"""``/admin/system/`` and ``/admin/keys/``: how the deployment does, and its signing keys."""
