"""Officers and agencies as administrators look through them, and acts that need two persons."""
