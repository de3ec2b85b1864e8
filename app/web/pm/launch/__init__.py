"""``/launch`` and ``/prd``: whether this release may ship, and what it was held to."""
