"""``/traces``: the list, one trace, two of them, and exports."""
