"""Cloud Storage on one machine, for the real client libraries."""
