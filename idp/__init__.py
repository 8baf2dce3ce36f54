"""Single sign-on of a province: OpenID Connect in front of the officers' directory."""
