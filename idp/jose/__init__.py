"""Keys and signed tokens: JWK Sets (RFC 7517) and JWTs (RFC 7519)."""
