"""Bytes of pictures: what they are, before anyone trusts them."""
