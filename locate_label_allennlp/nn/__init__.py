"""Pure functions on tensors: span geometry, pairing, losses, range maximum. No state, no I/O."""
