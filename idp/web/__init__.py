"""The door for people: thin Flask views."""
