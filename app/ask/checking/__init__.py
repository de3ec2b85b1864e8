"""Does a sentence stand in what it cites? Quotes letter for letter, written ones fact by fact."""
