"""Commands about what data sets have in common."""
