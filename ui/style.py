"""How the page looks, and the few lines of script that open a source."""

CSS = """
.gradio-container { max-width: 1280px !important; margin: 0 auto !important; }
footer.svelte-1rjryqp, .gradio-container > footer { display: none !important; }
.yinju-question { font-weight: 600; font-size: 1.1em; margin: 1.4em 0 .5em; padding-left: .6em; border-left: 3px solid #9a3b26; }
.yinju-card { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .8em 1.1em; margin: .6em 0;
  background: var(--background-fill-primary); }
.yinju-card blockquote { margin: 0; border: 0; padding: 0; font-family: "Noto Serif CJK SC", "Songti SC", SimSun, Georgia, serif;
  font-size: 1.08em; line-height: 1.8; white-space: pre-wrap; overflow-wrap: anywhere; }
.yinju-card footer, .yinju-path, .yinju-place, .yinju-hint { color: var(--body-text-color-subdued); font-size: .86em; overflow-wrap: anywhere; }
.yinju-card footer { margin-top: .6em; }
.yinju-open { border: 1px solid #9a3b26; color: #9a3b26; border-radius: 5px; padding: 0 .6em; cursor: pointer; background: none; }
mark { background: #ffe08a; color: #222; padding: 0 .1em; border-radius: 2px; }
.yinju-none { border-left: 4px solid #8a8a8a; padding-left: 1em; }
.yinju-plain { font-weight: 600; }
.yinju-none blockquote { max-height: 9em; overflow-y: auto; }
.yinju-none .yinju-card { border-style: dashed; opacity: .85; }
.yinju-problem { border: 1px solid #b3261e; color: #b3261e; border-radius: 8px; padding: .6em 1em; margin: .6em 0; }
.yinju-source { max-height: 76vh; overflow-y: auto; padding: 0 1em; line-height: 1.8;
  font-family: "Noto Serif CJK SC", "Songti SC", SimSun, Georgia, serif; }
.yinju-source hr { margin: 1.6em 0; }
.yinju-caption, .yinju-byline, .yinju-furniture { color: var(--body-text-color-subdued); font-size: .9em; }
.yinju-original { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; background: var(--background-fill-secondary); padding: .6em; }
.yinju-source p { white-space: pre-wrap; overflow-wrap: anywhere; }
#yinju-place, #yinju-open { position: absolute; left: -9999px; height: 1px; overflow: hidden; }
"""

# A click on a card's button puts its place into a hidden box and presses a hidden button; when the
# source arrives, the quote is scrolled into view.
SCRIPT = """
() => {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('.yinju-open');
    if (!button) return;
    const box = document.querySelector('#yinju-place textarea, #yinju-place input');
    box.value = button.dataset.place;
    box.dispatchEvent(new Event('input', {bubbles: true}));
    setTimeout(() => document.querySelector('button#yinju-open, #yinju-open button').click(), 60);
  });
  new MutationObserver(() => {
    const here = document.querySelector('.yinju-here:not([data-seen])');
    if (here) { here.dataset.seen = '1'; here.scrollIntoView({block: 'center'}); }
  }).observe(document.body, {childList: true, subtree: true});
}
"""
