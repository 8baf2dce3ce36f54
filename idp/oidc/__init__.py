"""OpenID Connect on top of the OAuth rooms: prompts, consent, ID tokens, claims, logout."""
