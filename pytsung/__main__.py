"""`python -m pytsung`: the same as the `pytsung` command."""

from pytsung.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
