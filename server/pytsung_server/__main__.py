"""`python -m pytsung_server`: the same as the `pytsung-server` command."""

from pytsung_server.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
