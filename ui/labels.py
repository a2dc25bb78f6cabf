"""Parts of the page that say something, and what they say in each language.

A panel gives its labels; the page changes all of them together when the language does.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.wording import Words, said

# A part, and for a language what changes in it.
Label = tuple[Any, Callable[[str], Any]]


def labelled(part: Any, words: Words, **keys: str) -> Label:
    """A part whose properties (`label`, `value`, `placeholder`, …) say the words of these keys."""
    return part, lambda code: gr.update(**{name: said(words, key, code) for name, key in keys.items()})
