"""Commands of operators: flask --app wsgi <group> <verb>."""
