"""`python -m hatch_zkwasm` is the `zkwasm` command."""

import sys

from hatch_zkwasm.cli import main

sys.exit(main())
