"""What two chapters or explorers need."""
