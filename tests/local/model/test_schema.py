from __future__ import annotations

from functions.local.model.catalogue import MODELS
from functions.local.model.schema import (
    ENUMS,
    ONEOF,
    SCHEMA,
    ratio_name,
    size_name,
)

SCALARS = {"str", "bool", "int", "float", "bytes", "any"}


def test_every_type_is_known() -> None:
    """No field names a message or enum that the table lacks."""
    for fields in SCHEMA.values():
        for kind in fields.values():
            assert kind.removeprefix("[]") in SCALARS | set(SCHEMA) | set(ENUMS)
    for message, names in ONEOF.items():
        assert names <= set(SCHEMA[message])


def test_vertex_only_fields_are_unknown() -> None:
    """The native route refuses what only Vertex has."""
    assert "person_generation" not in SCHEMA["ImageConfig"]
    assert "model_armor_config" not in SCHEMA["GenerateContentRequest"]


def test_enum_spellings_are_one_for_each_value() -> None:
    """No two ratios and no two sizes share an enum name."""
    ratios = {ratio for row in MODELS for ratio in row.ratios}
    sizes = {size for row in MODELS for size in row.sizes}
    assert len({ratio_name(one) for one in ratios}) == len(ratios)
    assert len({size_name(one) for one in sizes}) == len(sizes)
    assert ratio_name("16:9") == "ASPECT_RATIO_SIXTEEN_BY_NINE"
    assert size_name("2K") == "IMAGE_SIZE_TWO_K"
