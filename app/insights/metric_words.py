"""What each metric is called, its unit, which way is better, and its definition in plain words.

`prd/metrics.yaml` may say name and definition differently and adds targets; what is computed is in
`app.insights.metric_table` and follows product.md's table.
"""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "task_success": (
        "Task success",
        "ratio",
        "higher",
        "Threads whose last question was accepted ÷ threads. A thread is one question with its "
        "rephrasings and follow-ups. Accepted: marked helpful, copied, shared, or a citation was "
        "opened and neither a rephrase nor a rejection came within 2 minutes.",
    ),
    "acceptance": (
        "Acceptance",
        "ratio",
        "higher",
        "Accepted answers ÷ answers shown. “Not in your documents” is a shown answer too.",
    ),
    "rejection": (
        "Rejection",
        "ratio",
        "lower",
        "Answers marked not helpful, reported or corrected ÷ answers shown.",
    ),
    "retry": (
        "Retry",
        "ratio",
        "lower",
        "Questions that were rephrased or asked again within 2 minutes ÷ questions.",
    ),
    "override": (
        "Override",
        "ratio",
        "lower",
        "Answers that somebody corrected ÷ answers shown.",
    ),
    "abandonment": (
        "Abandonment",
        "ratio",
        "lower",
        "Threads whose last answer got no interaction and no further question within 10 minutes ÷ "
        "threads.",
    ),
    "abstention": (
        "Abstention",
        "ratio",
        "lower",
        "Questions answered with “Not in your documents” ÷ questions.",
    ),
    "false_refusal": (
        "False refusals",
        "ratio",
        "lower",
        "Refused although the documents have the answer ÷ questions that have one. From the eval "
        "report.",
    ),
    "tickets": (
        "Problems reported",
        "per_100",
        "lower",
        "Problems reported plus imported support tickets, per 100 questions.",
    ),
    "trust": (
        "Trust",
        "rating",
        "higher",
        "Mean of “How much do you trust answers here?”, 1 to 5.",
    ),
    "trust_high": (
        "Helpful at high confidence",
        "ratio",
        "higher",
        "Answers of high confidence marked helpful ÷ those marked at all; the last mark counts.",
    ),
    "trust_medium": (
        "Helpful at medium confidence",
        "ratio",
        "higher",
        "Answers of medium confidence marked helpful ÷ those marked at all.",
    ),
    "trust_low": (
        "Helpful at low confidence",
        "ratio",
        "higher",
        "Answers of low confidence marked helpful ÷ those marked at all.",
    ),
    "time_to_answer_p50": (
        "Time to answer, median",
        "ms",
        "lower",
        "From the question to the complete answer; half of the answers were quicker.",
    ),
    "time_to_answer_p95": (
        "Time to answer, 95th percentile",
        "ms",
        "lower",
        "From the question to the complete answer; 95 of 100 answers were quicker.",
    ),
    "first_token_p50": (
        "First words, median",
        "ms",
        "lower",
        "From the question to the first visible content; half were quicker.",
    ),
    "first_token_p95": (
        "First words, 95th percentile",
        "ms",
        "lower",
        "From the question to the first visible content; 95 of 100 were quicker.",
    ),
    "time_to_done": (
        "Time to done",
        "s",
        "lower",
        "Median time from a thread's first question to the acceptance of its last answer.",
    ),
    "time_to_done_search": (
        "Time to done by search alone",
        "s",
        "lower",
        "The same for threads of searches without a question: until the accepted result was "
        "opened.",
    ),
    "time_saved": (
        "Time saved by asking",
        "s",
        "higher",
        "Time to done by search alone less time to done by asking.",
    ),
    "cost_per_question": (
        "Cost per question",
        "usd",
        "lower",
        "Known cost of all questions ÷ questions with a known cost.",
    ),
    "cost_per_accepted": (
        "Cost per accepted answer",
        "usd",
        "lower",
        "Known cost of all questions ÷ accepted answers with a known cost.",
    ),
    "unknown_cost": (
        "Questions of unknown cost",
        "count",
        "lower",
        "Questions that a model was asked for at a price nobody knows. They are in no sum.",
    ),
    "citation_open": (
        "Citations opened",
        "ratio",
        "higher",
        "Answers of which a citation was opened ÷ answers shown.",
    ),
    "coverage_gaps": (
        "Coverage gaps",
        "count",
        "lower",
        "Clusters of questions that were not answered, answered with low confidence, or rejected.",
    ),
    "unexpected_use": (
        "Unexpected use",
        "ratio",
        "lower",
        "Questions far from every intended use in prd/intended-uses.yaml ÷ questions.",
    ),
    "prompt_quality": (
        "Too short or vague",
        "ratio",
        "lower",
        "Questions of fewer than 3 content words that were not answered, or with low confidence, "
        "÷ questions.",
    ),
    "rephrase_helped": (
        "Rephrasing helped",
        "ratio",
        "higher",
        "Of those too short or vague that were rephrased: the last rephrase was answered with more "
        "than low confidence.",
    ),
}
"""id → name, unit, better, definition."""
