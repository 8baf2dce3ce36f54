"""Officers and agencies whole, deputies, and acts of two persons, through the administration API."""
