"""What eval runs say: their files read, compared, and held against the gates."""
