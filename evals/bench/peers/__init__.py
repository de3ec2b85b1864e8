"""Other toolkits beside ours: each a small program after its own first tutorial, same model.

They live in virtual environments of their own (`requirements/peers`), for their dependencies would
not go into our lock. They import nothing of the product but `evals.bench.measuring`.
"""
