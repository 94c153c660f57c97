"""The whole system on one machine. Nothing of the product imports it."""
