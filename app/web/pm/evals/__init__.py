"""``/evals``: runs, one of them, its cases, two beside each other, and labels."""
