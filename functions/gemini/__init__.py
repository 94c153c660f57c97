"""The image model by its routes."""
