"""What was meant and what to ask next: follow-ups, spelling, rephrasings, suggestions."""
