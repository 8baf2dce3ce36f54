"""Pages of campaigns: how far each has come, who is missing, and the report."""
