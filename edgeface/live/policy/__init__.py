"""What a decision is for: a door, an attendance gate, a kiosk."""
