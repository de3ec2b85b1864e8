"""What whoever runs the product reads and decides: facts, reviews, gaps, experiments, costs."""
