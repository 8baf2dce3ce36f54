"""What officers have of their own."""
