"""Who reaches what: every page and verb by every role, of the own and of another agency."""
