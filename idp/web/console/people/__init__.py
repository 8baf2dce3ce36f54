"""Pages of the console about officers and agencies."""
