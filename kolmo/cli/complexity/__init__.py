"""Commands about the complexity of short strings."""
