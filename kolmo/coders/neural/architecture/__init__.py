"""Networks that predict bytes."""
