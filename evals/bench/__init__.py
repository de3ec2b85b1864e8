"""Speed and memory, with peers side by side."""
