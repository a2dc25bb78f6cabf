"""The documents of the library as a list: a page of it at a time, each with what can be done with it."""

from html import escape

from corpus.document_list import Entry, Found
from rag import Assistant
from ui.wording import Words, said

WORDS: Words = {
    "count": ("{count:,} 份文档，{passages:,} 个段落", "{count:,} documents, {passages:,} passages"),
    "none": ("没有标题或文件名含有这些字的文档", "No document has these words in its title or name"),
    "shown": ("第 {first:,}–{last:,} 份，共 {count:,} 份", "{first:,}–{last:,} of {count:,}"),
    "pages": ("翻页", "Pages"),
    "previous": ("上一页", "Previous"),
    "next": ("下一页", "Next"),
    "open": ("打开", "Open"),
    "remove": ("移除", "Remove"),
    "sure": ("真的移除？再点一次", "Really remove it? Press again"),
}  # fmt: skip
# Documents on a page.
PAGE = 50
# A button's deed with its document and the page that is shown. Who leaves a button that asks whether to remove is not asked any longer.
SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button || button.getAttribute('aria-disabled') === 'true') return;
  if (button.dataset.do === 'remove' && !button.dataset.sure) {
    button.dataset.sure = button.textContent; button.textContent = button.dataset.ask;
    button.dataset.label = button.getAttribute('aria-label'); button.setAttribute('aria-label', button.dataset.ask);
    return;
  }
  const offset = button.dataset.to ?? element.querySelector('[data-offset]').dataset.offset;
  trigger('click', {do: button.dataset.do, offset: Number(offset), name: button.closest('[data-name]')?.dataset.name ?? ''});
});
element.addEventListener('focusout', (event) => {
  const button = event.target.closest('button[data-sure]');
  if (!button) return;
  button.textContent = button.dataset.sure; button.setAttribute('aria-label', button.dataset.label);
  delete button.dataset.sure;
});
"""


def documents_html(assistant: Assistant, words: str | None, code: str, offset: object = 0, removable: bool = True) -> str:
    """A page of the documents whose title or name holds the words; `offset`, from a browser, says how many stand before it.

    Each can be opened, and where they are `removable` removed.
    """
    first = offset if isinstance(offset, int) and 0 < offset < 10**9 else 0
    found = assistant.library.find_documents(words or "", PAGE, first)
    if first and not found.entries:  # what stood there was removed: the last page that there is
        first = max(found.documents - 1, 0) // PAGE * PAGE
        found = assistant.library.find_documents(words or "", PAGE, first)
    head = said(WORDS, "count", code, count=found.documents, passages=found.passages)
    if not found.documents and (words or "").strip():
        head = said(WORDS, "none", code)
    rows = "".join(_row(each, code, removable) for each in found.entries)
    return (
        f'<div data-offset="{first}"><p class="yinju-hint" role="status">{head}</p>'
        f'<ul class="yinju-list" tabindex="0" aria-label="{head}">{rows}</ul>{_pages(found, first, code)}</div>'
    )


def _row(document: Entry, code: str, removable: bool) -> str:
    title, name = escape(document.title), escape(document.name)
    opens, removes = said(WORDS, "open", code), said(WORDS, "remove", code)
    remove = (
        f' <button type="button" class="yinju-do" data-do="remove" data-ask="{said(WORDS, "sure", code)}" aria-label="{removes} {title}">{removes}</button>'
    )
    return (
        f'<li dir="auto" data-name="{name}">{title} <small>{name}</small> '
        f'<button type="button" class="yinju-do" data-do="open" aria-label="{opens} {title}">{opens}</button>{remove if removable else ""}</li>'
    )


def _pages(found: Found, first: int, code: str) -> str:
    if found.documents <= PAGE:
        return ""
    shown = said(WORDS, "shown", code, first=first + 1, last=first + len(found.entries), count=found.documents)
    # Not `disabled`, which would lose the place of who goes on by keyboard.
    before = _turning("previous", max(first - PAGE, 0), first > 0, code)
    after = _turning("next", first + PAGE, first + PAGE < found.documents, code)
    return f'<nav class="yinju-turning" aria-label="{said(WORDS, "pages", code)}">{before} <span>{shown}</span> {after}</nav>'


def _turning(key: str, to: int, possible: bool, code: str) -> str:
    off = "" if possible else ' aria-disabled="true"'
    return f'<button type="button" class="yinju-do" data-do="page" data-to="{to}"{off}>{said(WORDS, key, code)}</button>'
