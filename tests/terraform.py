"""`terraform fmt -check`, where there is a terraform and something to check."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_INFRA: Final = Path(__file__).parent.parent / "infra"


def main() -> int:
    """Return terraform's exit code, 0 where it was left out, saying why."""
    if not any(_INFRA.glob("**/*.tf")):
        sys.stdout.write("left out: terraform fmt (no Terraform in infra/ yet)\n")
        return 0
    found = shutil.which("terraform")
    if found is None:
        sys.stdout.write("left out: terraform fmt (terraform is not installed)\n")
        return 0
    done = subprocess.run([found, "fmt", "-check", "-recursive", _INFRA], check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
