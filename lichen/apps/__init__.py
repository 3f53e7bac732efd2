"""What a user asks for, built from everything above."""
