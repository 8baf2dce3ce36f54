"""What an operator does from the console: what could not be delivered is sent anew."""
