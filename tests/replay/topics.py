"""What the people of the replayed day ask, each in several wordings, and what they ask next.

Written for the sample company's documents. ``again``: the same question in other words. ``then``: a
follow-up that leans on the question; a person sends it within the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One thing that somebody wants to know."""

    question: str
    again: tuple[str, str]
    then: str


TOPICS = (
    Topic(
        "What can I spend per night on a hotel?",
        ("How much can I spend on a hotel per night?", "hotel limit per night to spend"),
        "And in Oslo?",
    ),
    Topic(
        "How many days before a trip must I book the flight?",
        (
            "How many days before the trip do I have to book my flight?",
            "days to book a flight before a trip",
        ),
        "Who approves later bookings?",
    ),
    Topic(
        "Which day of the week is everyone expected in the office?",
        (
            "On which day of the week do we all have to be in the office?",
            "office day of the week for everyone",
        ),
        "Does that hold for Porto too?",
    ),
    Topic(
        "How long can I work remotely from another country?",
        (
            "How long may I work remotely from abroad, in another country?",
            "working remotely from another country how long",
        ),
        "Who has to agree to it?",
    ),
    Topic(
        "How long does a performance improvement plan last?",
        (
            "What is the length of a performance improvement plan?",
            "performance improvement plan how long does it last",
        ),
        "Can it be extended?",
    ),
    Topic(
        "What is the referral bonus for a firmware engineer?",
        (
            "How much is the bonus for referring a firmware engineer?",
            "referral bonus firmware engineer amount",
        ),
        "When is it paid?",
    ),
    Topic(
        "Must I pay back the course cost when I resign?",
        (
            "Do I have to pay back the cost of a course if I resign?",
            "pay back course cost after resigning",
        ),
        "How much for each month?",
    ),
    Topic(
        "How much does Tidewell add to my RRSP?",
        ("How much is added to my RRSP by Tidewell?", "RRSP how much does Tidewell add"),
        "From when on?",
    ),
    Topic(
        "Which gifts from suppliers may I accept?",
        ("May I accept a gift from a supplier?", "accepting gifts from suppliers"),
        "Up to which value?",
    ),
    Topic(
        "Who signs off a purchase of EUR 72,000?",
        (
            "Who has to sign off purchases of EUR 72,000?",
            "sign off for a purchase of EUR 72,000",
        ),
        "How many quotes are needed?",
    ),
    Topic(
        "Which payment term do port authorities get?",
        (
            "What payment terms do port authorities have?",
            "payment term for port authorities",
        ),
        "Who can lengthen it?",
    ),
    Topic(
        "When does the board approve next year's budget?",
        (
            "On which date is next year's budget approved by the board?",
            "date when the board approves the budget for next year",
        ),
        "What salary rise does it assume?",
    ),
    Topic(
        "How long do we keep the CVs of rejected applicants?",
        (
            "For how long are CVs of rejected applicants kept?",
            "keep CVs of rejected applicants how long",
        ),
        "And payroll records?",
    ),
    Topic(
        "Who may sign a confidentiality agreement of another company?",
        (
            "Who can sign the confidentiality agreement of another company?",
            "sign a confidentiality agreement from another company who may",
        ),
        "And one of our own?",
    ),
    Topic(
        "After how much idle time does the VPN disconnect?",
        (
            "When does the VPN disconnect after being idle?",
            "VPN disconnect idle time",
        ),
        "Which mode should I use in a hotel?",
    ),
    Topic(
        "Whom do I call when my laptop is stolen?",
        ("My laptop was stolen, whom do I call?", "laptop stolen who to call"),
        "How quickly must I do that?",
    ),
    Topic(
        "How long is a booked meeting room held?",
        (
            "For how long is a meeting room held after it was booked?",
            "booked meeting room held how long",
        ),
        "Which printer can staple?",
    ),
    Topic(
        "How many API calls per minute may a River customer make?",
        (
            "How many calls to the API can River customers make per minute?",
            "River customer API calls per minute",
        ),
        "And a Delta customer?",
    ),
    Topic(
        "When is somebody paged for slow API responses?",
        (
            "When does anybody get paged because API responses are slow?",
            "paged for slow API responses when",
        ),
        "Who is on call?",
    ),
    Topic(
        "Can I release on Friday afternoon?",
        ("Is a release on Friday afternoon allowed?", "release on a Friday afternoon"),
        "What counts as an emergency?",
    ),
    Topic(
        "What does River cost for one buoy each month?",
        (
            "How much does River cost each month for one buoy?",
            "River monthly cost for one buoy",
        ),
        "And on the Delta plan?",
    ),
    Topic(
        "How long is the warranty of an LX-3 on Delta?",
        (
            "What is the warranty period of the LX-3 on the Delta plan?",
            "LX-3 warranty on Delta how long",
        ),
        "What if they drop to River?",
    ),
    Topic(
        "At what wind must the crew stay ashore?",
        (
            "From which wind on does the crew have to stay ashore?",
            "wind at which the crew stays ashore",
        ),
        "Who decides that?",
    ),
    Topic(
        "How many battery packs may one van carry?",
        (
            "How many battery packs can be carried in one van?",
            "battery packs per van how many to carry",
        ),
        "How do they get to Canada?",
    ),
)

ANSWERED = tuple(
    topic
    for topic in TOPICS
    if any(
        words in topic.question
        for words in ("book the flight", "my RRSP", "port authorities", "next year's budget")
    )
)
"""Certain to have an answer: a question is stopped while its answer is written, or not at all."""

UNKNOWN = (
    "Which company car can a department head order?",
    "Is there a subscription for a fitness club?",
    "What does the canteen serve on Thursdays?",
    "Who won the Lisbon marathon last spring?",
    "What is the capital of Mongolia?",
    "How do I repair the chain of my bicycle?",
)
"""Not in the documents, whatever is answered."""

SEARCHES = (
    ("hotel ceiling", "ceiling for hotels"),
    ("parental leave weeks", "weeks of parental leave"),
    ("battery pack shipping", "shipping battery packs"),
    ("password length", "length of passwords"),
    ("refund after purchase", "refunds after a purchase"),
)
"""What is typed into plain search, and once more in other words."""
