"""The command ``kolmo law``."""
