"""Owns the `oms` command: it refuses what it cannot run on, then hands over to the subcommands."""

import sys


def main() -> None:
    """Runs `oms`; exits 0 when it did what was asked, 1 when it could not, 2 when it was asked wrongly."""
    from tools.supported_systems import refusal  # noqa: PLC0415  nothing else may load before this check

    reason = refusal()
    if reason:
        sys.exit(f"oms: {reason}")
    from tools.commands.application import app  # noqa: PLC0415  it would not load on what was refused

    app()


if __name__ == "__main__":
    main()
