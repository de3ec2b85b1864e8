"""What each figure of an eval is called, its unit, which way is better, and its definition.

Ids are those of the figures in a report (`app.insights.evals.run_file.RunFile.figures`); most are
also the ids of one case's scores (`app.insights.evals.row.Row.scores`), whose mean the figure is.
"""

from __future__ import annotations

from collections.abc import Mapping

QUALITY_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "correct": (
        "Right",
        "ratio",
        "higher",
        "Questions handled rightly ÷ questions: answered with a gold answer, or, where there is "
        "none, not answered.",
    ),
    "answer_quoted": (
        "Answer correctness",
        "ratio",
        "higher",
        "Answers that contain a gold answer ÷ questions that have one. A refusal counts as wrong.",
    ),
    "rouge_l": (
        "ROUGE-L",
        "ratio",
        "higher",
        "Longest common subsequence of words with the reference answer, F1 (Lin 2004), mean.",
    ),
    "string_similarity": (
        "String similarity",
        "ratio",
        "higher",
        "1 less the edits that turn the answer into the reference answer (Levenshtein), per "
        "character, mean.",
    ),
    "semantic_similarity": (
        "Semantic similarity",
        "ratio",
        "higher",
        "Cosine between the embeddings of the answer and of the reference answer, mean.",
    ),
    "document_first": (
        "Right document first",
        "ratio",
        "higher",
        "Answers whose first citation is of a gold document ÷ questions that have an answer.",
    ),
    "citation_precision": (
        "Citation precision",
        "ratio",
        "higher",
        "Citations that overlap a gold passage ÷ citations, of answers to questions that have one; "
        "mean over answers.",
    ),
    "citation_document_precision": (
        "Citation precision by document",
        "ratio",
        "higher",
        "Citations of a gold document, wherever in it, ÷ citations, of answers to questions that "
        "have one; mean over answers.",
    ),
    "citation_recall": (
        "Citation recall",
        "ratio",
        "higher",
        "Gold passages that a citation overlaps ÷ gold passages, of questions that have an answer; "
        "mean over questions. A refusal cites none.",
    ),
    "violations": (
        "Citation violations",
        "count",
        "lower",
        "Citations that are not word for word what the document says at that place. A bug, always.",
    ),
    "gold_located": (
        "Gold passages in the index",
        "ratio",
        "higher",
        "Gold passages that were found in the extracted texts ÷ gold passages. Below 1, the index "
        "is not of the documents that the questions are about.",
    ),
    "read_recall": (
        "Recall of what is read",
        "ratio",
        "higher",
        "Gold passages among the passages that the answerer reads ÷ gold passages.",
    ),
    "recall_at_5": (
        "Retrieval recall at 5",
        "ratio",
        "higher",
        "Gold passages among the first five ÷ gold passages.",
    ),
    "mrr": (
        "Mean reciprocal rank",
        "ratio",
        "higher",
        "1 ÷ the rank of the first passage that holds an answer, mean; 0 where none does.",
    ),
    "ndcg_at_10": (
        "nDCG at 10",
        "ratio",
        "higher",
        "Normalized discounted cumulative gain of the first ten (Järvelin & Kekäläinen 2002).",
    ),
    "document_ndcg_at_10": (
        "nDCG at 10 over documents",
        "ratio",
        "higher",
        "The same over whole documents with their judges' grades, as trec_eval and BEIR compute "
        "it; only of sets that name documents, not passages.",
    ),
    "document_recall_at_10": (
        "Recall of documents at 10",
        "ratio",
        "higher",
        "Relevant documents among the first ten ÷ relevant documents, of the same sets.",
    ),
    "lexical_recall_at_10": (
        "Recall by words alone at 10",
        "ratio",
        "higher",
        "Gold passages among the first ten by BM25 alone ÷ gold passages.",
    ),
    "dense_recall_at_10": (
        "Recall by meaning alone at 10",
        "ratio",
        "higher",
        "Gold passages among the first ten by cosine alone ÷ gold passages.",
    ),
    "state_expected": (
        "State accuracy",
        "ratio",
        "higher",
        "Answers with the state that the case asks for ÷ cases that ask for one.",
    ),
    "false_refusal": (
        "False refusals",
        "ratio",
        "lower",
        "Refused although the documents have the answer ÷ questions that have one.",
    ),
    "true_refusal": (
        "Right refusals",
        "ratio",
        "higher",
        "Refused ÷ questions that no document answers.",
    ),
    "auroc_answerable": (
        "AUROC: answerable or not",
        "ratio",
        "higher",
        "Chance that an answerable question gets a higher probability than an unanswerable one.",
    ),
    "ece_answerable": (
        "Calibration error",
        "ratio",
        "lower",
        "Expected calibration error of that probability, ten bins of equal mass (Naeini 2015).",
    ),
    "brier_answerable": (
        "Brier score",
        "ratio",
        "lower",
        "Mean squared error of that probability (Brier 1950).",
    ),
    "right_at_80": (
        "Right at 80 % coverage",
        "ratio",
        "higher",
        "Right answers among the 80 % of questions with the highest probability.",
    ),
    "aurc": (
        "Risk under coverage",
        "ratio",
        "lower",
        "Area under the risk–coverage curve (Geifman & El-Yaniv 2017).",
    ),
    "gap_typos": (
        "Fairness gap: typing errors",
        "ratio",
        "lower",
        "Right when written plainly less right with typing errors, over the same questions.",
    ),
    "gap_keywords": (
        "Fairness gap: search words",
        "ratio",
        "lower",
        "Right when written plainly less right as search words, over the same questions.",
    ),
    "gap_non_native": (
        "Fairness gap: second language",
        "ratio",
        "lower",
        "Right when written plainly less right as written by learners, over the same questions.",
    ),
    "gap_long": (
        "Fairness gap: long and rambling",
        "ratio",
        "lower",
        "Right when written plainly less right in a long message, over the same questions.",
    ),
    "total_p50": (
        "Answer time, median",
        "ms",
        "lower",
        "From the question to the complete answer, without a network.",
    ),
    "total_p95": (
        "Answer time, 95th percentile",
        "ms",
        "lower",
        "From the question to the complete answer, without a network.",
    ),
    "retrieve_p50": (
        "Search time, median",
        "ms",
        "lower",
        "From the question to the passages found, without a network.",
    ),
    "first_token_p50": (
        "Time to the first words, median",
        "ms",
        "lower",
        "From the question to the first words that can be shown, without a network.",
    ),
    "words_mean": (
        "Words of an answer",
        "count",
        "lower",
        "Words of the answers given, mean.",
    ),
    "failed": (
        "Could not be asked",
        "ratio",
        "lower",
        "Questions that ended in an error ÷ questions. They count as not right, and nowhere else.",
    ),
    "cost_per_question": (
        "Cost per question",
        "usd",
        "lower",
        "Known cost of the answers ÷ answers with a known cost.",
    ),
    "faithfulness": (
        "Faithfulness",
        "ratio",
        "higher",
        "Claims of the answer that the passages support ÷ claims, as a judge model says (Ragas).",
    ),
    "answer_relevancy": (
        "Answer relevancy",
        "ratio",
        "higher",
        "How near questions that the answer would answer are to the one asked (Ragas, judged).",
    ),
    "context_precision": (
        "Context precision",
        "ratio",
        "higher",
        "Useful passages ranked above useless ones, as a judge model says (Ragas).",
    ),
    "context_recall": (
        "Context recall",
        "ratio",
        "higher",
        "Claims of the reference answer that the passages hold ÷ claims (Ragas, judged).",
    ),
    "factual_correctness": (
        "Factual correctness",
        "ratio",
        "higher",
        "Claims shared with the reference answer, F1, as a judge model says (Ragas).",
    ),
}
