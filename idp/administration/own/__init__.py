"""What officers have of their own: everything that is held about them, in a file."""
