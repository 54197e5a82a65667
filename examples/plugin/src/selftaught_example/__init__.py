"""One plugin of each kind. Each file shows what its kind has to provide."""
