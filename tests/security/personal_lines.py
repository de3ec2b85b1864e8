"""Lines with what is to be redacted marked ``⟦kind:text⟧``, and lines with nothing of the kind.

Made for this list: numbers from ranges kept for fiction where there are any, test cards of the
networks, example IBANs of the registry. Keys are put together here, so that no scanner meets one.
"""

from __future__ import annotations

_A = "aB3" * 14

WITH = f"""
Can ⟦e-mail:anna.meier@example.org⟧ see the payroll folder?
My address is ⟦e-mail:jo+work@mail.example.co.uk⟧, what is my role?
Forward it to ⟦e-mail:FIRST.LAST@EXAMPLE.COM⟧.
<⟦e-mail:o'brien@example.ie⟧> did not get the invitation
who is ⟦e-mail:x_1@a-b.example.museum⟧?
mailto:⟦e-mail:team@example.org⟧ bounced twice
Does ⟦e-mail:müller@bücher.example⟧ work here?
(⟦e-mail:a@b.io⟧)
Reset the account of ⟦e-mail:s.k@sub.domain.example.org⟧, please
cc: ⟦e-mail:one@example.org⟧, ⟦e-mail:two@example.org⟧
What does ⟦e-mail:support@example.com⟧ answer to?
the login "⟦e-mail:kim.lee99@example.net⟧" is locked
Call me at ⟦phone:+1 415 555 2671⟧ about travel
my number is ⟦phone:(415) 555-2671⟧
reach me on ⟦phone:415-555-2671⟧ after 5
text ⟦phone:415.555.2671⟧ when the server is back
⟦phone:+44 20 7946 0018⟧ rang twice
Ring ⟦phone:020 7946 0018⟧ for the desk in London
the London desk: ⟦phone:(020) 7946 0018⟧
Tel. ⟦phone:030 901820⟧ in Berlin
Telefon: ⟦phone:+49 30 901820⟧
My mobile is ⟦phone:07700 900123⟧
is ⟦phone:+49 (0)30 901820⟧ still right?
who has ⟦phone:0049 30 901820⟧?
dial ⟦phone:+33 1 42 68 53 00⟧
is ⟦phone:01 42 68 53 00⟧ the Paris office?
phone: ⟦phone:4155552671⟧
WhatsApp ⟦phone:+31 20 794 0800⟧ works too
the emergency line ⟦phone:+351 21 123 4567⟧ does not answer
fax ⟦phone:+41 44 668 18 00⟧
why does ⟦phone:+919876543210⟧ get our alerts?
customer ⟦phone:+61 2 9374 4000⟧ asks for a refund
Her cell is ⟦phone:+1-212-555-0123⟧.
landline ⟦phone:0043 1 588 58⟧ or mobile
call ⟦phone:1-800-275-2273⟧ for support
is card ⟦card:4111 1111 1111 1111⟧ blocked?
I paid with ⟦card:4012888888881881⟧
my amex ⟦card:3782 822463 10005⟧ was refused
⟦card:5555-5555-5555-4444⟧ expires soon
can I expense it on ⟦card:5105105105105100⟧?
Diners ⟦card:30569309025904⟧
discover ⟦card:6011 1111 1111 1117⟧
jcb ⟦card:3530111333300000⟧
the new mastercard ⟦card:2223 0031 2200 3222⟧
company card ⟦card:4222222222222⟧?
refund to ⟦IBAN:DE89 3704 0044 0532 0130 00⟧
⟦IBAN:GB82 WEST 1234 5698 7654 32⟧ is my account
pay it to ⟦IBAN:FR1420041010050500013M02606⟧
is ⟦IBAN:NL91ABNA0417164300⟧ known to payroll
my iban: ⟦IBAN:CH93 0076 2011 6238 5295 7⟧
⟦IBAN:BE68 5390 0754 7034⟧ gets the salary
⟦IBAN:PT50000201231234567890154⟧
⟦IBAN:NO9386011117947⟧ for the Oslo office
Why is sk-{"proj-" + _A[:30]}⟧ refused?
my token ghp_{_A[:36]}⟧ expired
AKIA{"Q7" * 8}⟧ has no rights on the bucket
AIza{_A[:35]}⟧ for maps
xoxb-{"12345678901-" + _A[:20]}⟧ in the channel
the runner's glpat-{_A[:20]}⟧ fails
hf_{_A[:34]}⟧ cannot download
fn_{_A[:40]}⟧ is the key I was given
eyJ{_A[:20]}.eyJ{_A[:20]}.{_A[:30]}⟧ is rejected
curl -H 'Authorization: Bearer ⟦key:{_A[:28]}⟧' gives 401
sk_live_{_A[:24]}⟧ or the test one?
npm_{_A[:36]}⟧ leaked?
postgresql://footnote:⟦password:s3cr3t-pass⟧@db.internal/records does not connect
https://bot:⟦password:hunter2⟧@wiki.example.org/page
redis://:⟦password:p4ss⟧@cache:6379/0 times out
password: ⟦password:hunter2⟧ does not work
my password is ⟦password:Tr0ub4dor&3⟧, is it strong?
pwd=⟦password:letme1n!⟧ in the script
the api key = ⟦password:9f8e7d6c5b4a⟧ is old
secret: "⟦password:abc_123_def⟧"
token=⟦password:7f3c9a1b2d⟧ in the query
why is PIN: ⟦password:4921⟧ wrong
passphrase is ⟦password:correct-horse-9⟧
passcode: ⟦password:88412⟧ for the door
Anna, ⟦e-mail:anna@example.org⟧, ⟦phone:+49 30 901820⟧, card ⟦card:4111111111111111⟧
"""

_KEYS = (
    *("sk-", "ghp_", "AKIA", "AIza", "xoxb-", "glpat-", "hf_", "fn_", "eyJ", "sk_live_", "npm_"),
)


def marked(line: str) -> str:
    """The line with its key marked, where it begins like one."""
    if "⟧" in line and "⟦" not in line:
        start = min(line.index(key) for key in _KEYS if key in line)
        return f"{line[:start]}⟦key:{line[start:]}"
    return line


WITHOUT = """
How many days of paid vacation do I have a year?
Where is order 4155552671?
What is in order no. 4111111111111112?
invoice 2026-000123456 is unpaid
Order 100-2345678-9012345 has not arrived
What changed between 2026-03-02 and 2026-11-22?
the meeting of 22.11.2026 10:30
from 01/02/2026 to 28/02/2026
ISO 8601: 20261122T103000Z
timestamp 1763808000 in the log
1763808000123 milliseconds since when?
Is 192.168.100.200 in the VPN range?
ping 10.0.0.1 and 255.255.255.255
why is 2001:0db8:85a3:0000:0000:8a2e:0370:7334 blocked
the route 172.16.0.0/12 overlaps
MAC 00:1A:2B:3C:4D:5E is unknown
part number 0030-4417-8812
part 555-0123 is out of stock
replace bearing 6204-2RS1 every 12 000 hours
What is the torque of bolt M12x1.75?
SKU 8806098765432
EAN 4006381333931 is which product?
ISBN 978-3-16-148410-0
ISBN 9783161484100
the DOI 10.1000/182
RFC 9106 and RFC 6749
version 1.26.44.3301 crashes
release 2026.11.22
Python 3.11.7 or 3.12.0?
commit 3f786850e387550fdab836ed7e6dc881de23001b broke it
md5 d41d8cd98f00b204e9800998ecf8427e
uuid 123e4567-e89b-12d3-a456-426614174000
trace 4bf92f3577b34da6a3ce929d0e0e4736
ticket T-1041 and T-1044
case #20261122
the budget is 1,250,000 EUR
EUR 1 250 000 for 2026
USD 12.345.678,90 in total
-1234567.89 on the sheet
1 000 000 000 rows took how long?
population 83 200 000
revenue of 4 012 888 in 2025
between 1000000 and 9999999
1234567890123456
0000 0000 0000 0000
4111 1111 1111 1112 is my test number
5500 0000 0000 0005
1111 2222 3333 4444
the serial number 30569309025905
serial 378282246310006
IBAN DE00 3704 0044 0532 0130 00 is wrong
is DE12 a road?
GB29 is the name of the room
VAT DE123456789
VAT number FR12345678901
tax id 12 345 678 901
commercial register HRB 123456
What are the opening hours, 9-17 or 8-16?
open 08:00-17:30 on weekdays
zip 10115 Berlin, 1010 Vienna
ZIP+4 94103-1234
P.O. Box 1234567
room 03.114 or 04.2.117
latitude 52.520008, longitude 13.404954
52.5200, 13.4050
pi is 3.14159265358979
0.0000001234567
DIN EN ISO 9001:2015
IEC 60601-1-2:2014
section 4.2.1.3 of the handbook
article 6(1)(f) GDPR
chapter 12, pages 100-1234
flight LH 1234 on 22 Nov
train ICE 1601 platform 12
PO 4500012345 from SAP
cost center 0000410200
material 000000000010004711
account 0400 1000 200
ledger account 1234 5678
customer 70012345
employee 00012345 has left
asset tag 00451239
license plate B-AB 1234
what is @channel in Slack?
ask @anna on Mattermost
use the @Override annotation
npm install @scope/package@1.2.3
git clone git@github.com:team/handbook.git
the pattern user@host without a domain
scp file user@server:/srv
price @ 12 EUR each
5 @ 10.50
a password must have at least 14 characters
Is my password required to have a symbol?
where do I change my password?
the password is case sensitive
password: required
the token is valid for how long?
What is an API key?
tokens: 200 per passage
secret santa: who organizes it?
the secret is patience
what does the bearer of the card get?
Bearer tokens are described where?
basic authentication is off?
sk-learn or scikit-learn?
risk-assessment-for-the-next-quarter template
task-force-for-the-harbor-and-berths minutes
desk-booking-and-parking-for-visitors
https://example.org/a/b?c=1234567890
http://localhost:8000/documents
https://wiki.example.org:8443/page
ftp://files.example.org/pub
the URL postgresql://host/db without a password
call off 12345678 units
text 12 of the collection
phone allowance 2026
phones per office: 12 14 16
how do I call room 4711?
dial 9 for an outside line
call extension 4417
mobile data costs 25 per month
the hotline answers within 24 hours
fax machines: 3
112 or 110?
HTTP 404 or 410
port 5432, 8000 and 6333
3000-4000 rpm
12 000 - 15 000 km
0815 is slang for what?
04.05.2026 - 06.07.2026
07/2026 until 12/2027
0 2 4 6 8 10 12 14
00 01 02 03 04 05 06 07
2, 4, 8, 16, 32, 64, 128
"""


def plain(line: str) -> str:
    """A marked line as it was typed."""
    for kind in ("e-mail", "phone", "card", "IBAN", "key", "password"):
        line = line.replace(f"⟦{kind}:", "")
    return line.replace("⟧", "")


LABELED = tuple(
    (plain(marked(line)), marked(line)) for line in WITH.strip().splitlines() if line
) + tuple((line, line) for line in WITHOUT.strip().splitlines() if line)
