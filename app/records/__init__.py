"""What is remembered: documents, passages, answers, in SQL."""
