"""Whether this release may ship: its promises, what decides each, and the evidence."""
