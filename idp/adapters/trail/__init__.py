"""What of the audit trail lies outside the database and the keys folder."""
