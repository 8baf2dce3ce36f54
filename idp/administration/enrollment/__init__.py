"""The certificate desk for administrators: requests one by one and many at once, and lists in and out."""
