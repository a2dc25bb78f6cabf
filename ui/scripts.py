"""The few lines of script of the page: what is clicked is told to the server; copying and selecting stay in the browser.

Each runs once when its part of the page is there, with `element`, `trigger` and `server` (gradio's custom HTML components).
"""

# Answers: a button's deed with its turn and card; copying puts the exact words on the clipboard.
TALK_SCRIPT = """
const copy = async (words, button) => {
  try { await navigator.clipboard.writeText(words); }
  catch (refused) {
    const box = document.createElement('textarea');
    box.value = words; box.style.position = 'fixed'; box.style.opacity = '0';
    document.body.append(box); box.select(); document.execCommand('copy'); box.remove();
  }
  const before = button.textContent;
  const said = button.closest('.yinju-card, .yinju-judge').querySelector('[data-said]').dataset.said;
  if (before !== said) { button.textContent = said; setTimeout(() => { button.textContent = before; }, 1500); }
};
element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  const card = button.closest('.yinju-card');
  const turn = button.closest('[data-turn]');
  const deed = button.dataset.do;
  if (deed === 'copy') return copy(card.querySelector('blockquote').textContent, button);
  if (deed === 'link') return copy(location.origin + location.pathname + '?answer=' + encodeURIComponent(button.dataset.id), button);
  if (deed === 'cite') return copy(await server.cite(JSON.parse(card.dataset.place), button.dataset.style), button);
  const shown = element.querySelectorAll('[data-turn]').length;
  trigger('click', {do: deed, shown, turn: turn ? Number(turn.dataset.turn) : null, number: card ? Number(card.dataset.number) : null});
});
"""

# Questions that may be tried, or were missed: a click puts one into the box.
TRY_SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-question]');
  if (button) trigger('click', {question: button.dataset.question});
});
"""

# The source: its buttons, its search, the words selected in it (counted in code points), and the quote brought into view.
SOURCE_SCRIPT = """
// Inside its own frame first: the page moves only where the frame itself is out of sight.
const reveal = (here) => {
  const frame = here.closest('.yinju-source');
  if (frame) {
    const at = here.getBoundingClientRect(), around = frame.getBoundingClientRect();
    frame.scrollTop += at.top + at.height / 2 - around.top - around.height / 2;
  }
  const now = here.getBoundingClientRect();
  if (now.top < 0 || now.bottom > innerHeight) here.scrollIntoView({block: 'nearest'});
};
const points = (text) => Array.from(text).length;
const offset = (node, at) => {
  const block = (node.nodeType === 1 ? node : node.parentElement).closest('[data-start]');
  if (!block || !element.contains(block)) return null;
  const range = document.createRange();
  range.setStart(block, 0); range.setEnd(node, at);
  return Number(block.dataset.start) + points(range.toString());
};
element.addEventListener('mousedown', (event) => { if (event.target.closest('button[data-do="right"]')) event.preventDefault(); });
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  if (button.dataset.do !== 'right') return trigger('click', {do: button.dataset.do});
  const chosen = document.getSelection();
  if (!chosen.rangeCount || chosen.isCollapsed) return;
  const range = chosen.getRangeAt(0);
  const start = offset(range.startContainer, range.startOffset), end = offset(range.endContainer, range.endOffset);
  if (start !== null && end !== null && start < end) trigger('click', {do: 'right', start, end});
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  trigger('click', {do: 'find', words: event.target.querySelector('input').value});
});
// The pages are fetched when they are first looked at. A toggle does not bubble: it is caught on its way down.
element.addEventListener('toggle', async (event) => {
  const details = event.target, place = details.dataset.place;
  if (!place || !details.open) return;
  const holder = details.querySelector('div');
  delete details.dataset.place;
  try { holder.innerHTML = await server.printed_pages(JSON.parse(place)); }
  catch (failed) { details.dataset.place = place; holder.textContent = holder.dataset.failed; }
  const spot = holder.querySelector('.yinju-spot');
  if (spot && details.open) reveal(spot);
}, true);
const bring = () => {
  const here = element.querySelector('.yinju-found') || element.querySelector('.yinju-here');
  if (here) reveal(here);
};
watch('value', bring);
"""
