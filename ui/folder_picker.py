"""A folder chosen or dropped in the page: all its files are sent, each with its path inside the folder.

Gradio's own picker of folders sends the names without the folders. This one sends file by file, by Gradio's way, and then tells
where each has come from.
"""

import os
from html import escape
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from ui.uploads import Upload
from ui.wording import Words, said

WORDS: Words = {
    "choose": ("添加整个文件夹", "Add a whole folder"),
    "drop": ("也可以把文件夹拖到这里或上面", "or drop folders here or above"),
    "sending": ("正在上传 {done}/{total}", "Uploading {done} of {total}"),
    "unsent": ("{count} 个文件没有传上来；请再试一次", "{count} files did not arrive; try again"),
}
# Folders come from the picker with `webkitRelativePath`, and by drop as entries, a hundred at a time.
SCRIPT = """
const filled = (words, values) => words.replace(/{(\\w+)}/g, (_, name) => values[name]);
const told = (key, values) => {
  const place = element.querySelector('[role=status]');
  place.textContent = key ? filled(element.querySelector('[data-sending]').dataset[key], values) : '';
};
const hidden = (path) => path.split('/').some((each) => each.startsWith('.'));
const send = async (all) => {
  const chosen = all.filter(([path]) => !hidden(path));
  const files = [];
  for (const [path, file] of chosen) {
    told('sending', {done: files.length + 1, total: chosen.length});
    try { const sent = await upload(file); if (sent && sent.path) files.push({path: sent.path, name: path}); }
    catch (lost) { console.warn(String(lost)); }
  }
  if (files.length < chosen.length) told('unsent', {count: chosen.length - files.length}); else told('');
  if (files.length) trigger('upload', {files});
};
const inside = async (entry) => {
  if (entry.isFile) return [[entry.fullPath.replace(/^[/]/, ''), await new Promise((good, bad) => entry.file(good, bad))]];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((good, bad) => reader.readEntries(good, bad));
    if (!some.length) return found;
    for (const each of some) found.push(...await inside(each));
  }
};
element.addEventListener('click', (event) => {
  if (event.target.closest('button[data-do="folder"]')) element.querySelector('input').click();
});
element.addEventListener('change', (event) => {
  send(Array.from(event.target.files).map((file) => [file.webkitRelativePath || file.name, file]));
  event.target.value = '';
});
element.addEventListener('dragover', (event) => event.preventDefault());
// Before Gradio's drop zone, which would send a folder as one broken file.
const dropped = async (event) => {
  if (!element.isConnected) return document.removeEventListener('drop', dropped, true);
  const here = element.contains(event.target);
  if (!here && !event.target.closest('#yinju-upload')) return;
  const entries = Array.from(event.dataTransfer.items).map((each) => each.webkitGetAsEntry && each.webkitGetAsEntry()).filter(Boolean);
  if (!here && !entries.some((each) => each.isDirectory)) return;
  event.preventDefault(); event.stopPropagation();
  const files = [];
  for (const each of entries) { try { files.push(...await inside(each)); } catch (lost) { console.warn(String(lost)); } }
  send(files);
};
document.addEventListener('drop', dropped, true);
"""


def folder_html(code: str) -> str:
    return (
        f'<div class="yinju-folder" data-sending="{escape(said(WORDS, "sending", code))}" data-unsent="{escape(said(WORDS, "unsent", code))}">'
        f'<button type="button" class="yinju-do" data-do="folder">{said(WORDS, "choose", code)}</button> '
        f'<span class="yinju-hint">{said(WORDS, "drop", code)}</span> <span class="yinju-hint" role="status"></span>'
        '<input type="file" webkitdirectory multiple hidden></div>'
    )


def sent(told: Any) -> list[Upload]:
    """The files that the browser says it has sent. What is not where uploads arrive was not sent, and is left out."""
    given = told.get("files") if isinstance(told, dict) else None
    arrived = os.path.realpath(get_upload_folder())
    found = []
    for each in given if isinstance(given, list) else []:
        if not isinstance(each, dict):
            continue
        file = Path(os.path.realpath(str(each.get("path", "")).replace("\0", "")))
        if file.is_relative_to(arrived) and file.is_file():
            found.append(Upload(file, str(each.get("name", ""))))
    return found
