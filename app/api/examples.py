"""The examples that the API's documentation shows; they belong together and tell one story."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

RESULT = {
    "document_id": "doc_9f2c41d07be3a5518c06",
    "title": "Travel policy 2026",
    "source": "/srv/handbook/finance/travel-policy-2026.md",
    "heading": "Accommodation › Hotels",
    "page": None,
    "text": "Hotels are reimbursed up to EUR 165 a night. Book at least 14 days ahead.",
    "start": 1180,
    "end": 1253,
    "score": 0.94,
}
CITATION = {
    "number": 1,
    "document_id": "doc_9f2c41d07be3a5518c06",
    "title": "Travel policy 2026",
    "source": "/srv/handbook/finance/travel-policy-2026.md",
    "collection": "handbook",
    "heading": "Accommodation › Hotels",
    "page": None,
    "quote": "Hotels are reimbursed up to EUR 165 a night.",
    "start": 1180,
    "end": 1224,
    "updated_at": "2026-02-02T00:00:00Z",
}
SENTENCE = {
    "text": "Hotels are reimbursed up to EUR 165 a night.",
    "citations": [1],
    "verdict": "supported",
    "support": None,
    "problems": [],
}
SIDE = {
    "citation": 1,
    "says": "EUR 165",
    "title": "Travel policy 2026",
    "updated_at": "2026-02-02T00:00:00Z",
}
CONFLICT = {
    "about": "amount of money",
    "settled": True,
    "sides": [
        SIDE,
        {
            "citation": 2,
            "says": "EUR 140",
            "title": "Travel policy 2024",
            "updated_at": "2024-01-15T00:00:00Z",
        },
    ],
}
STALE = {
    "document_id": "doc_1b7c33e09d52aa60f8e4",
    "title": "Travel policy 2024",
    "reason": "superseded",
    "review_by": None,
    "newer_title": "Travel policy 2026",
    "newer_document_id": "doc_9f2c41d07be3a5518c06",
}
FILTERS = {
    "collections": ["handbook"],
    "kinds": [],
    "changed_after": None,
    "changed_before": None,
    "document_ids": [],
}
REPHRASING = {
    "question": "How much does insurance cost?",
    "why": "No document mentions “dental”.",
    "filters": FILTERS,
}
CONTENT_REQUEST = {
    "id": 12,
    "answer_id": "ans_5d0c9a4f1e7b",
    "question": "How much does dental insurance cost?",
    "comment": "We have been asked this three times this week.",
    "owners": ["People team"],
    "documents": ["Benefits overview"],
    "status": "open",
    "created_at": "2026-10-05T09:31:07Z",
}
CONFIDENCE = {
    "level": "high",
    "probability": 0.91,
    "reasons": ["two passages agree", "every word of the question occurs"],
    "measured": "Answers like this were right 9 times in 10 in our tests.",
}
USAGE = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cached_tokens": 0,
    "cost_usd": 0.0,
    "price_version": "",
}
TIMINGS = {
    "retrieve": 18.2,
    "answer": 4.1,
    "verify": 0.3,
    "total": 23.0,
    "first_token": 22.6,
}
ANSWER = {
    "answer_id": "ans_5d0c9a4f1e7b",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "conversation_id": "con_77aa0c1d9e02",
    "question": "How much may a hotel cost in Porto?",
    "asked": "and in Porto?",
    "state": "answered",
    "mode": "quotes",
    "model": "all-MiniLM-L6-v2",
    "text": "Hotels are reimbursed up to EUR 165 a night.",
    "sentences": [SENTENCE],
    "citations": [CITATION],
    "confidence": CONFIDENCE,
    "uncovered": [],
    "conflicts": [],
    "stale": [],
    "closest": [],
    "missing_terms": [],
    "documents_searched": 62,
    "passages_searched": 811,
    "rephrasings": [],
    "followups": ["What is the daily allowance for meals?"],
    "notice": None,
    "usage": USAGE,
    "timings_ms": TIMINGS,
}
DOCUMENT = {
    "id": "doc_9f2c41d07be3a5518c06",
    "collection": "handbook",
    "source": "/srv/handbook/finance/travel-policy-2026.md",
    "title": "Travel policy 2026",
    "kind": "md",
    "size": 8123,
    "passages": 14,
    "characters": 7988,
    "pages": None,
    "status": "ready",
    "error": None,
    "warnings": [],
    "owner": "Greg Thibault",
    "review_by": "2027-03-31",
    "superseded_by": None,
    "updated_at": "2026-02-02T00:00:00Z",
    "ingested_at": "2026-10-05T09:30:00Z",
}
UPLOADED = {
    "name": "travel-policy-2026.md",
    "status": "done",
    "message": "Added: 14 passages.",
    "document_id": "doc_9f2c41d07be3a5518c06",
}
FEEDBACK = {
    "helpful": False,
    "reasons": ["outdated"],
    "comment": "The cap changed in February.",
    "correction": "EUR 165 a night.",
}
COLLECTION = {
    "name": "handbook",
    "documents": 62,
    "passages": 811,
    "failed": 0,
    "last_ingested_at": "2026-10-05T09:30:00Z",
}


def example(value: dict[str, Any]) -> ConfigDict:
    """The model configuration that puts an example into the schema."""
    return ConfigDict(json_schema_extra={"examples": [value]})
