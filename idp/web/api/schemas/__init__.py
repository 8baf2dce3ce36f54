"""Parts of the description of the administration API, one for each of its rooms (``openapi.py``)."""
