"""The comparison with Tsung takes a minute and a half: it waits with the other slow suites."""

from tests.conformance.conftest import pytest_collection_modifyitems

__all__ = ["pytest_collection_modifyitems"]
