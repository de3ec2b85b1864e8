"""The door: who asks is found out, and whether they may, before any route runs."""
