"""What users call: the command line, and evaluation on pictures of their own."""
