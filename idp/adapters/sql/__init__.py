"""Tables, compiled statements and the stores of each room."""
