"""Commands that find items by code length."""
