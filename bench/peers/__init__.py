"""What one would take instead: other question answering, given the same model and the same documents."""
