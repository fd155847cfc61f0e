"""The coder gru: a recurrent network that learns while it codes."""
