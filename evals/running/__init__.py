"""Asks every case through the product's own Asker, and keeps what it did."""
