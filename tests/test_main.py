from __future__ import annotations

import inspect

import pytest
from functions_framework import _function_registry, create_app

import main


@pytest.mark.parametrize("name", main.__all__)
def test_a_deployed_function_keeps_its_name_and_kind(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exported name, function name and deployed name are one, and all are HTTP.

    The framework keys its registry by `__name__` and serves what it does not find
    there as another kind, silently.
    """
    monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", "http")  # the look-up writes it
    function = getattr(main, name)
    assert inspect.isfunction(function)
    assert function.__name__ == name
    create_app(target=name, source=str(main.__file__))
    assert _function_registry.get_func_signature_type(name, "http") == "http"


def test_nothing_else_is_exported() -> None:
    """What stands in main.py is deployed; nothing else may."""
    public = {n for n, v in vars(main).items() if inspect.isfunction(v)}
    assert public == set(main.__all__)
