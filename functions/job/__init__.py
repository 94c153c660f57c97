"""What one request is, and every decision about it. Pure: no I/O, no clock, no host."""
