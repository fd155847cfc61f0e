"""The program ``kolmo``, also run by ``python -m kolmo``."""

from __future__ import annotations

import signal


def main() -> None:
    """Import and run the command.

    While modules are imported, and after the command has ended, Ctrl-C ends the process at once, without a traceback.
    """
    handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handled:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from kolmo.cli import main as run

    if handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        if handled:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
