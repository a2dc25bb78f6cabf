"""Who may use the server, and for what: users and their sessions, where requests may come from, and how many."""
