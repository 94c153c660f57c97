"""The measured claims of the README: `python -m bench` prints each beside its bar."""
