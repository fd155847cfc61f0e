"""What results say of themselves for an HTML report."""
