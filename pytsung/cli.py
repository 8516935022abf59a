"""The command line."""


def main() -> int:
    """Run."""
    return 0


def stats_main() -> int:
    """Stats."""
    return 0
