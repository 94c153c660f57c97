"""The open web: what is fetched from it and what is sent to it."""
