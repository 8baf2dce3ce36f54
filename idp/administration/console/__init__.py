"""The administrators' console: who may be in it, and for how long."""
