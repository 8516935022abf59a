"""Which of Tsung's functions a text may call in `%%module:function%%`.

Must not know how a text is filled in.
"""

from __future__ import annotations

from pytsung.config.element import SourceElement
from pytsung.config.reader import ConfigurationReader
from pytsung.user.substitution import FUNCTIONS, functions_in


def check_text(element: SourceElement, text: str, reader: ConfigurationReader) -> None:
    """Refuse every function in the text that cannot be called."""
    for name in functions_in(text):
        if name not in FUNCTIONS:
            reader.fault(
                element,
                f"the function %%{name}%% is not supported",
                f"known are {', '.join(FUNCTIONS)}",
            )


def check_element(element: SourceElement, reader: ConfigurationReader) -> None:
    """The same for every attribute and text of an element and what it holds."""
    for text in (*element.attributes.values(), element.text):
        check_text(element, text, reader)
    for child in element:
        check_element(child, reader)
