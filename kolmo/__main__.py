"""Run the command: ``python -m kolmo``."""

from kolmo.cli import main

if __name__ == "__main__":
    main()
