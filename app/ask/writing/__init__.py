"""Written mode: a chat model's prose, its citations read, checked, priced and kept in budget."""
