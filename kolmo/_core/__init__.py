"""What the whole package stands on; it knows nothing of compression."""
