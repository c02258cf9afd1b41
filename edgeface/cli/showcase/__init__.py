"""What ``edgeface demo`` shows: scenes of a simulated camera, the daemon they go through, and the contact sheet."""
