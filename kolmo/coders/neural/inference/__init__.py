"""Code lengths and streams of neural models: surprisals in batches, and entropy coding with integer frequencies."""
