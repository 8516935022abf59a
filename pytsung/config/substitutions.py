"""Which of Tsung's functions a text may call in `%%module:function%%`.

Must not know how a text is filled in.
"""

from __future__ import annotations

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.user.substitution import FUNCTIONS, functions_in
from pytsung.user.supplies import SUPPLY_OF_FUNCTION


def check_text(
    element: SourceElement, text: str, reader: ConfigurationReader, *, may_wait: bool = False
) -> None:
    """Refuse every function in the text that cannot be called.

    What the whole test shares can run out for a moment; only requests (`may_wait`)
    can then be made again. They alone call functions in Python, too.
    """
    for name in functions_in(text):
        if name not in FUNCTIONS:
            if may_wait and reader.finds_python(element, name):
                continue
            reader.fault(element, f"there is no function for %%{name}%%", cure_for(name))
        elif name in SUPPLY_OF_FUNCTION and not may_wait:
            reader.fault(
                element,
                f"the function %%{name}%% cannot be called here",
                'set a variable before, <setdynvars sourcetype="erlang">, and write that here',
            )


def cure_for(function: str) -> str:
    """What to do about an Erlang function of somebody's own."""
    module, _, name = function.partition(":")
    file = f"{module.replace('.', '/')}.py"
    return f"write {name} in Python, in {file}, and name the directory of {file} with -X"


def check_element(element: SourceElement, reader: ConfigurationReader) -> None:
    """The same for every attribute and text of a request's element and what it holds."""
    for text in (*element.attributes.values(), element.text):
        check_text(element, text, reader, may_wait=True)
    for child in element:
        check_element(child, reader)
