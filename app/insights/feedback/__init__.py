"""Reviews and tickets from elsewhere: read, felt, grouped, linked."""
