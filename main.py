"""The deployed functions, by name. The host looks them up here."""

from functions.edit import edit
from functions.generate import generate

__all__ = ["edit", "generate"]
