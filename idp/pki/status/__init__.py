"""How certificates of ours stand, for whoever meets one: lists of what was revoked, and answers to single questions."""
