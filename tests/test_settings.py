from __future__ import annotations

import dataclasses

import pytest

from functions.job.errors import ConfigurationError
from functions.job.timing import Timing
from functions.settings import DEFAULT_MODEL, KEY_NAMES, read

GOOD = {
    "GEMINI_API_KEY": "k-1",
    "GOOGLE_CLOUD_PROJECT": "p",
    "PLANTAIN_STATE_BUCKET": "p-state",
    "PLANTAIN_IMAGES_BUCKET": "p-images",
}


def test_four_variables_are_enough() -> None:
    """Everything else has a default that the design names."""
    found = read(GOOD)
    assert found.default_model == DEFAULT_MODEL
    assert found.timing == Timing()
    assert found.events_topic == "image-events"
    assert not found.emulated
    assert found.clock_file is None


def test_every_gap_is_named_at_once() -> None:
    """Whoever deploys mends the environment once."""
    with pytest.raises(ConfigurationError) as caught:
        read({"PLANTAIN_LEASE_SECONDS": "soon", "PLANTAIN_DRAINS": "-1"})
    for name in (*GOOD, "PLANTAIN_LEASE_SECONDS", "PLANTAIN_DRAINS"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (KEY_NAMES, KEY_NAMES[0]),
        (KEY_NAMES[1:], KEY_NAMES[1]),
        (KEY_NAMES[2:], KEY_NAMES[2]),
    ],
)
def test_keys_are_taken_in_the_stated_order(
    names: tuple[str, ...], expected: str
) -> None:
    """The most specific name wins, and its name, not its value, is told."""
    environ = {k: v for k, v in GOOD.items() if k not in KEY_NAMES}
    found = read(environ | {name: f"secret of {name}\n" for name in names})
    assert found.key == f"secret of {expected}"
    assert found.key_alias == expected
    assert "secret" not in repr(found)


@pytest.mark.parametrize("seam", ["PLANTAIN_CLOCK_FILE", "PLANTAIN_PROBE"])
def test_test_seams_are_refused_in_the_cloud(seam: str) -> None:
    """A deployed function cannot be stopped or fooled by a variable."""
    read(GOOD | {seam: "x"})
    with pytest.raises(ConfigurationError, match=seam):
        read(GOOD | {seam: "x", "K_SERVICE": "generate"})


def test_records_and_pictures_never_share_a_bucket() -> None:
    """Who may see a picture may not see a prompt."""
    with pytest.raises(ConfigurationError, match="PLANTAIN_IMAGES_BUCKET"):
        read(GOOD | {"PLANTAIN_IMAGES_BUCKET": "p-state"})


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Timing)])
def test_every_deadline_is_a_setting(field: str) -> None:
    """Each may be set, and what contradicts the others is refused."""
    name = f"PLANTAIN_{field.upper()}_SECONDS"
    default = getattr(Timing(), field)
    assert getattr(read(GOOD | {name: str(default)}).timing, field) == default
    for text in ("0", "-1", "nan", "inf", "1e400", "two"):
        with pytest.raises(ConfigurationError, match=name):
            read(GOOD | {name: text})


def test_deadlines_that_contradict_each_other_are_refused() -> None:
    """A model call longer than its run is a deployment's mistake, told as one."""
    with pytest.raises(ConfigurationError, match="model call < run"):
        read(GOOD | {"PLANTAIN_MODEL_CALL_SECONDS": "500"})


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1:9", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
        ("", ""),
    ],
)
def test_an_emulator_may_be_named_with_or_without_a_scheme(host: str, url: str) -> None:
    """The client libraries allow both."""
    found = read(GOOD | {"STORAGE_EMULATOR_HOST": host})
    assert found.storage_url == url
    assert found.emulated is bool(url)


def test_lists_are_commas_apart() -> None:
    """Blanks around an entry are the writer's, not the bucket's."""
    found = read(GOOD | {"PLANTAIN_REFERENCE_BUCKETS": " a/x , b ,,"})
    assert found.reference_buckets == ("a/x", "b")


def test_the_host_is_what_the_platform_says() -> None:
    """Only names that tell hosts apart are kept; nothing else of the environment."""
    found = read(GOOD | {"K_SERVICE": "generate", "HOME": "/home/x"})
    assert found.host == {"K_SERVICE": "generate"}
