"""The same question as other people would write it, and what that does to the answers."""
