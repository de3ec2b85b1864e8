"""What is known: embeddings, indexes and the one retrieval."""
