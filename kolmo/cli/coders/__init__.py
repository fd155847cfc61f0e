"""Commands about coders: list, compare, audit and train them."""
