"""What comes once: identifiers, and requests that may be sent again."""
