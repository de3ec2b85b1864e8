"""Sentences from which the sentiment model learns what displeased and pleased people write.

Written for Footnote: 50 of each kind, short, about products, support and work. Six of each kind
begin or end politely, so that a greeting or thanks doesn't count as praise. To teach it the
words of another trade, add sentences here; the tests say how often it is right.
"""

from __future__ import annotations

NEGATIVE = """\
The file upload fails with an error every time.
My account was locked and no one helps.
I have been on hold for forty minutes.
The product stopped working after a week.
This is the worst service I have had.
I want my money back.
The policy says one thing and my manager says another.
There is no information about this anywhere.
It takes forever to load.
The chat bot gives me useless answers.
I get logged out all the time.
They lost my documents.
I was told to call another number again and again.
The sound cuts out during every call.
Too expensive for what it does.
The manual is confusing and incomplete.
My request has been ignored for two weeks.
The delivery was late and an item was missing.
I can't find the button that the guide talks about.
The payment went through but the order was not placed.
Buttons don't react on my phone.
It does not do what was promised.
The numbers in the report are wrong.
The room was dirty and cold.
I keep getting reminders although I paid.
Poor quality, it fell apart.
Nothing happens when I click save.
The sync deleted my notes.
Unacceptable, this is the third outage this month.
I regret buying it.
The data in my profile is wrong and I am not able to change it.
The waiting time is far too long.
Access denied, although I was given permission.
It refuses to connect to the network.
The colors are hard to read.
Hard to use and annoying.
We were left alone with the problem.
The staff was rude.
Missed my deadline because of this.
The discount code is not accepted.
Why is this so complicated?
Please fix this, I can't work.
I am frustrated that the answer changes every time.
The last version was better, now everything is hidden.
Good morning, the login page shows an error. Please help.
Hello, my order is missing two parts. Thanks.
Hi team, the meeting link does not open. Best regards, Tom
Dear support, I was locked out again. Thank you in advance.
Please help, the scanner stopped working after the update.
Hi, the form rejects my address every time. Any idea?
""".splitlines()

NEUTRAL = """\
Where can I find the holiday calendar?
How do I change my password?
I need a new keyboard.
Please cancel my appointment on Tuesday.
What are the opening hours?
Who is responsible for the parking permits?
I am writing about order number 2281.
Can you tell me the status of my request?
I started in the sales team last month.
Is it possible to pay by card?
Please send a copy of the contract to my home address.
The report has twelve pages.
We need five more licenses for the design team.
I have a question about overtime.
Could you add a column for the region?
My new phone number is 555 0134.
What is the deadline for expense reports?
I would like to register for the training in June.
It comes in black and in white.
Does this also apply to contractors?
The meeting takes place in room 4.
How long is the notice period?
I want to book a desk for Thursday.
Which form do I use for a business trip?
Please forward this to the payroll team.
I am asking on behalf of a colleague.
The package weighs two kilograms.
Do I need a doctor's note after three days?
Where do I enter my working hours?
The first payment is due in October.
I ordered two of them, one for home and one for the office.
How can I give my team access?
I switched from the monthly to the yearly plan.
Please set up an account for our intern.
When will the new version be released?
Which insurance covers business travel?
My last name changed, here is the certificate.
Can the address on the invoice be changed?
Is there a limit for gifts from customers?
This is my first review here.
I work four days a week.
Please confirm that you received my application.
Are there instructions in Spanish?
The subscription renews every year in May.
Good morning, where do I find the travel form? Thanks.
Hello, please send me the new price list. Kind regards, Eva
Hi team, how do I share a folder with a client? Thank you.
Dear all, I need a parking permit for next week. Best regards
Please help me to choose between the two plans.
Hi, which documents do you need from me? Thanks in advance.
""".splitlines()

POSITIVE = """\
The upload was quick and easy.
Everything worked at the first try.
I got help within minutes.
This is the best service I have had.
It is worth every cent.
The guide is clear and complete.
I found everything in one place.
It loads instantly.
The assistant gave me a helpful answer.
I enjoy using it.
Good quality, well made.
My problem was fixed the same day.
The delivery came early and well packed.
It does exactly what was promised.
Simple and reliable.
The staff was kind and competent.
Glad that we switched.
The report is accurate and looks nice.
Wonderful, thank you so much!
I am very satisfied with the course.
This makes my work a lot easier.
Nice touch that it remembers where I was.
The room was clean and bright.
Keep up the good work.
A joy to use on the tablet.
I am impressed by the speed.
It was solved faster than I thought.
The team loves it.
Smooth sign-up and a fair price.
The explanation was easy to follow.
I would choose it again at once.
Perfect for small teams.
The new menu is a big improvement.
Highly recommended.
It connects without any trouble.
The answers are trustworthy and come with proof.
Helped me to meet my deadline.
So convenient to have it on my phone.
Fair, transparent and fast.
The search results are very relevant now.
They answered all my questions politely.
No issues so far, all good.
The problem I reported last month is gone, nice.
Not a single outage since we started.
Hello team, the new version works perfectly. Thanks.
Good morning, just to say that the fix helped, great work.
Hi, I am very happy with the training. Best regards, Ida
Dear support, you saved my day. Thank you.
The update made everything faster, thanks a lot.
Hi team, the guide was exactly what I needed.
""".splitlines()
