"""A judge model's verdicts on answers, by Ragas' metrics and by the rubric; synthetic cases.

The only place that knows Ragas, which takes 5 seconds to import: modules that import it say so and
are themselves imported inside functions.
"""
