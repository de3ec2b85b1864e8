"""A small company's documents, by collection and file name, to try retrieval and answers on.

They hold what real ones do: two versions of a policy, pages that repeat each other, a list, a
table, a sentence that leans on the one before.
"""

from __future__ import annotations

WIFI = """
## Joining the network

Choose the network Tidewell-Staff and sign in with your Tidewell account and its password. The
first time, your laptop asks whether to trust the certificate of the radius server; compare its
fingerprint with the one on the card beside the reception and accept it. Phones join the network
Tidewell-Mobile in the same way. If the sign-in fails repeatedly, restart the device before you
write to the service desk, because most failures are caused by an old saved password.
"""

TRAVEL = """# Travel policy {year}

## Hotels

Hotels are reimbursed up to EUR {hotel} a night, breakfast included. Book through the travel desk at
least 14 days ahead. Receipts are handed in within {days} days after the journey, or the cost stays
with the traveler.

## Trains

Journeys under five hours are made by train. First class is paid when the journey takes longer than
three hours.
"""

FILES: dict[str, dict[str, str]] = {
    "people": {
        "vacation.md": """---
updated: 2026-02-02
owner: People team
---

# Vacation and absence

## Paid vacation

Every employee has 27 days of paid vacation a year. Up to five unused days move to the next year;
they expire on 31 March. Part-time employees have a share that follows their contract.

## Sick leave

Tell your manager before 10:00 on the first day. It also needs a medical certificate from the
fourth day on. The certificate goes to the People team and not to your manager.
""",
        "parental-leave.md": """---
updated: 2025-09-15
---

# Parental leave

Parents take up to 20 weeks of paid leave within the first two years. Announce it eight weeks before
it begins. The leave can be split into three parts.
""",
        "glossary.txt": """Glossary of abbreviations

FOC stands for Field Operations Center, which watches every buoy day and night.

TWQI stands for Tidewell Water Quality Index, a number between 0 and 100.

RMA stands for return merchandise authorization and is needed before a customer sends a sensor back.
""",
    },
    "it": {
        "passwords.md": """---
updated: 2026-05-11
---

# Password standard

A password must have at least 14 characters. It is changed only when it may have leaked. Store
passwords in Vaultline, the password manager, and never send one by e-mail.
""",
        "vpn.md": """---
updated: 2024-11-20
---

# VPN guide

To connect from outside the office, follow these steps:

1. Open the Harborgate client.
2. Enter the address gate.tidewell.example.
3. Confirm the prompt on your phone.

The connection ends after 12 hours. It can be opened again at once.
""",
        "wifi-porto.md": f"# Wi-Fi in Porto\n{WIFI}",
        "wifi-rotterdam.md": f"# Wi-Fi in Rotterdam\n{WIFI}",
        "equipment.csv": """Device,Model,Price in EUR,Delivery days
Laptop,Meridian 14,1450,5
Monitor,Halcyon 27,320,3
Headset,Lark 2,89,2
""",
    },
    "finance": {
        "travel-2024.md": "---\nupdated: 2024-01-10\n---\n\n"
        + TRAVEL.format(year=2024, hotel=140, days=30),
        "travel-2026.md": "---\nupdated: 2026-01-12\n---\n\n"
        + TRAVEL.format(year=2026, hotel=165, days=20),
        "approvals.md": """---
updated: 2026-06-30
---

# Approval limits

| Role | Limit in EUR | Second signature |
| --- | --- | --- |
| Team lead | 2,000 | no |
| Department head | 15,000 | no |
| Director | 80,000 | yes |

Purchases above the limit of a director are decided by the board.
""",
        "invoices.md": """---
updated: 2025-03-01
---

# Invoices

Invoices are paid within 30 days. An invoice without a purchase order is sent back to the supplier.
""",
    },
}
