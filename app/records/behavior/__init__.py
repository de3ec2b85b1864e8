"""What people do with answers: questions, events, and what is concluded from them."""
