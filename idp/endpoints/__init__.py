"""The door for programs: plain WSGI callables, dispatched by path before Flask."""
