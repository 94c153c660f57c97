from __future__ import annotations

import pytest

from functions.job.host import detect


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        (
            {"K_SERVICE": "generate", "FUNCTION_TARGET": "generate"},
            "cloud_run_function",
        ),
        ({"CLOUD_RUN_JOB": "batch"}, "cloud_run_job"),
        ({"FUNCTION_NAME": "generate"}, "first_gen_function"),
        ({"AWS_LAMBDA_FUNCTION_NAME": "f", "CI": "true"}, "lambda_like"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "gke"),
        ({"CI": "true"}, "ci"),
        ({"K_SERVICE": ""}, "laptop"),
        ({}, "laptop"),
    ],
)
def test_a_host_is_known_by_its_environment(environ: dict[str, str], name: str) -> None:
    """The platform's own variables tell; nothing is asked of the user."""
    assert detect(environ).name == name
