"""What the server tells of itself: its log, its figures, and whether it is ready."""
