"""``flask announcements``: what everybody is told."""
