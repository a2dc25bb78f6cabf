"""Which files a call may name: where files are taken those that were uploaded here, anywhere else none.

Gradio searches every value of a call for files, also where the endpoint takes a text, and copies each one, or fetches it from
the address that it names, before the function is called.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

import gradio as gr
from gradio import processing_utils
from gradio.route_utils import get_fn
from gradio.utils import get_upload_folder

# What fetches for gradio from an address that is told to it.
FETCHING = ("async_ssrf_protected_get", "async_ssrf_protected_download", "ssrf_protected_download", "save_url_to_cache", "unsafe_download")


def require_own_files(page: gr.Blocks) -> None:
    """Have a call of a mounted page refused that names a file which it may not, before gradio looks at it.

    Where it can be it is refused before it waits; `validate_inputs` is called of every call, whichever way it came.
    """
    # Begins gradio's own check, of which a page that is mounted and not launched knows nothing.
    page.has_launched = True
    validate, push = page.validate_inputs, page._queue.push

    def validated(block_fn: Any, inputs: list[Any]) -> None:
        if (refusal := _refusal(page, block_fn, inputs)) is not None:
            raise gr.Error(refusal)
        validate(block_fn, inputs)

    async def pushed(body: Any, request: Any, username: Any) -> Any:
        if body.fn_index is not None and (refusal := _refusal(page, get_fn(page, None, body), body.data)) is not None:
            return False, refusal, "error"
        return await push(body, request, username)

    page.validate_inputs, page._queue.push = validated, pushed


def fetch_nothing() -> None:
    """Have gradio fetch nothing, from anywhere, in this process."""
    for name in FETCHING:
        setattr(processing_utils, name, _unfetched)


def named_in(value: Any) -> Iterator[Any]:
    """The paths of all files that a value names, however deep: what gradio's `is_file_obj_with_meta` takes for one."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, list | tuple):
            left.extend(each)
        elif isinstance(each, dict):
            left.extend(each.values())
            kind = each.get("meta")
            if "path" in each and isinstance(kind, dict) and kind.get("_type") == "gradio.FileData":
                yield each["path"]


def _refusal(page: gr.Blocks, block_fn: Any, values: Sequence[Any]) -> str | None:
    for part, value in zip_longest(block_fn.inputs, values):
        for path in named_in(value):
            if not isinstance(part, gr.File):
                return f"{block_fn.api_name or 'this'} takes no file; give plain values"
            if not _is_uploaded(page, path):
                return "this file was not uploaded here; send it to /gradio_api/upload, and name it as that answers"
    return None


def _is_uploaded(page: gr.Blocks, path: Any) -> bool:
    # What gradio itself has noted, and that no link leads out of the folder.
    noted = isinstance(path, str) and path in page.upload_file_set
    return noted and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(get_upload_folder()))


def _unfetched(url: str, *_: Any, **__: Any) -> NoReturn:
    raise PermissionError("nothing is fetched from other addresses")
