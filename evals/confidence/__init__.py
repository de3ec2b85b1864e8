"""Fits how sure an answer is, and says whether that is better than the model in use."""
