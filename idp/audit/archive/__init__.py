"""Months of the trail that left the database: what each holds, the file it is in, and when it goes where."""
