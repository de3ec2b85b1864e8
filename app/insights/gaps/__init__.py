"""Questions without a good answer: clusters, labels, what to do, and unexpected uses."""
