"""Python functions of strangers are imported from memory, or said to be impossible."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pytsung.agent.callbacks import load_callbacks
from pytsung.errors import AgentError

MODULES = {
    "pt_shop/__init__.py": b"",
    "pt_shop/basket.py": b"from pt_shop.words import WORD\n\ndef pick(user):\n    return WORD\n",
    "pt_shop/words.py": "WORD = 'größe'\n".encode(),
    "pt_plain/inner.py": b"def f(user):\n    return 1\n",
    "pt_broken.py": b"raise RuntimeError('at import')\n",
    "pt_odd.py": b"def f(:\n",
}


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """What a test has imported is gone after it."""
    before, finders = set(sys.modules), list(sys.meta_path)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_function_is_found_with_what_its_module_imports() -> None:
    """Packages, modules beside each other, and directories without `__init__.py`."""
    found = load_callbacks(["pt_shop.basket:pick", "pt_plain.inner:f"], MODULES)
    assert found["pt_shop.basket:pick"](None) == "größe"
    assert found["pt_plain.inner:f"](None) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pt_broken:f", "RuntimeError: at import"),
        ("pt_odd:f", "SyntaxError"),
        ("pt_shop.basket:gone", "AttributeError"),
        ("pt_gone:f", "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_loaded_is_said_with_the_reason(name: str, words: str) -> None:
    """Before the first user starts."""
    with pytest.raises(AgentError) as caught:
        load_callbacks([name], MODULES)
    assert words in str(caught.value)
    assert name in str(caught.value)
