"""``flask audit``: the trail and its chain, and what becomes of old months."""
