"""The sample directory: invented officers in a real agency tree, served by a slapd of our own."""
