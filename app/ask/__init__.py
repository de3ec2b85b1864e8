"""One question: from words to a cited, checked answer."""
