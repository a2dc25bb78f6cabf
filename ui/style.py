"""How the page looks."""

CSS = """
:root { --yinju-soft: #5c6370; --yinju-red: #9a3b26; --yinju-mark: #ffe08a; --yinju-here: #fff0c2; }
.dark { --yinju-soft: #b6bcc8; --yinju-red: #f0a491; --yinju-mark: #6b5410; --yinju-here: #463a16; }
.gradio-container { overflow: clip !important; --body-text-color-subdued: var(--yinju-soft); width: 100%; max-width: 1320px !important; margin: 0 auto !important; padding: 0 12px !important; }
.gradio-container > footer { display: none !important; }
.yinju-head { align-items: center; }
#yinju-libraries nav { display: flex; flex-wrap: wrap; gap: .2em 1em; }
#yinju-libraries a { color: var(--body-text-color); overflow-wrap: anywhere; min-height: 24px; }
#yinju-libraries a[aria-current] { font-weight: 600; text-decoration: none; border-block-end: 2px solid var(--yinju-red); }
.yinju-title { font-size: 1.5em; margin: .4em 0 0; }
.yinju-question { font-weight: 600; font-size: 1.1em; margin: 1.4em 0 .5em; padding-inline-start: .6em; border-inline-start: 3px solid var(--yinju-red); overflow-wrap: anywhere; }
.yinju-turn:first-child .yinju-question { margin-top: .2em; }
.yinju-columns > div { gap: 8px; }
#yinju-limited:not(:has(.prose > *)) { display: none; }
.yinju-card { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .8em 1.1em; margin: .6em 0;
  background: var(--background-fill-primary); }
.yinju-card blockquote { margin: 0 !important; border: 0; padding: 0; font-family: "Noto Serif CJK SC", "Songti SC", SimSun, Georgia, serif;
  font-size: 1.08em; line-height: 1.8; white-space: pre-wrap; overflow-wrap: anywhere; }
.yinju-card footer, .yinju-path, .yinju-place, .yinju-hint { color: var(--yinju-soft); font-size: .88em; overflow-wrap: anywhere; }
.yinju-card footer { margin-top: .6em; }
.yinju-do { border: 1px solid var(--border-color-primary); color: var(--body-text-color); border-radius: 5px; padding: .1em .6em; margin: .1em 0;
  cursor: pointer; background: none; min-height: 24px; font: inherit; text-align: start; }
.yinju-do:hover { border-color: var(--yinju-red); }
.yinju-do:focus-visible, .yinju-source:focus-visible, .yinju-none blockquote:focus-visible, .yinju-table:focus-visible, .yinju-cite summary:focus-visible { outline: 2px solid var(--yinju-red); outline-offset: 2px; }
.yinju-open { border-color: var(--yinju-red); color: var(--yinju-red); }
.yinju-cite { display: inline-block; }
.yinju-cite summary { cursor: pointer; display: inline-block; padding: .1em .4em; min-height: 24px; }
.yinju-judge { font-size: .86em; color: var(--yinju-soft); }
.yinju-sure { font-weight: 600; }
mark { background: var(--yinju-mark); color: inherit; padding: 0 .1em; border-radius: 2px; }
.yinju-here { background: var(--yinju-here); }
.yinju-found { outline: 2px solid var(--yinju-red); }
.yinju-none { border-inline-start: 4px solid #8a8a8a; padding-inline-start: 1em; }
.yinju-plain { font-weight: 600; }
.yinju-none blockquote { max-height: 9em; overflow-y: auto; }
.yinju-none .yinju-card { border-style: dashed; }
.yinju-problem { border: 1px solid #b3261e; color: #b3261e; border-radius: 8px; padding: .6em 1em; margin: .6em 0; overflow-wrap: anywhere; }
.dark .yinju-problem { color: #f2b8b5; border-color: #f2b8b5; }
.yinju-source { max-height: 64vh; overflow-y: auto; padding: 0 1em; line-height: 1.8; border: 1px solid var(--border-color-primary); border-radius: 8px;
  font-family: "Noto Serif CJK SC", "Songti SC", SimSun, Georgia, serif; }
/* The source stays beside what is read; Gradio hides what overflows in a way that would keep it from that. */
@media (min-width: 800px) { .yinju-columns > div:last-child { position: sticky; top: 8px; align-self: flex-start; } }
.yinju-source hr { margin: 1.6em 0; }
.yinju-source-head h2 { font-size: 1.15em; margin: .3em 0; }
.yinju-find input { width: 60%; border: 1px solid var(--border-color-primary); border-radius: 5px; padding: .2em .5em; background: var(--background-fill-primary); color: inherit; }
.yinju-caption, .yinju-byline, .yinju-furniture { color: var(--yinju-soft); font-size: .9em; }
.yinju-original { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92em; background: var(--background-fill-secondary); padding: .6em; }
.yinju-pages summary { cursor: pointer; min-height: 24px; }
.yinju-sheet { margin: .6em 0; }
.yinju-sheet > div { position: relative; border: 1px solid var(--border-color-primary); }
.yinju-sheet img { display: block; width: 100%; height: auto; }
.yinju-sheet figcaption { color: var(--yinju-soft); font-size: .88em; }
.yinju-spot { position: absolute; background: #ffe27a; mix-blend-mode: multiply; outline: 1px solid #b3261e; border-radius: 2px; pointer-events: none; }
.yinju-source p { white-space: pre-wrap; overflow-wrap: anywhere; }
.yinju-conversation-rows { list-style: none; padding: 0; margin: 0; }
.yinju-conversation { width: 100%; overflow-wrap: anywhere; }
.yinju-conversation[aria-current] { border-color: var(--yinju-red); font-weight: 600; }
.yinju-conversation-rows summary { cursor: pointer; font-size: .85em; min-height: 24px; color: var(--yinju-soft); }
.yinju-table { overflow-x: auto; }
.yinju-list { max-height: 40vh; overflow-y: auto; overflow-wrap: anywhere; }
.yinju-list:focus-visible { outline: 2px solid var(--yinju-red); outline-offset: 2px; }
.yinju-turning { display: flex; flex-wrap: wrap; gap: .8em; align-items: center; justify-content: center; color: var(--yinju-soft); font-size: .9em; }
.yinju-do[aria-disabled="true"] { color: var(--yinju-soft); cursor: default; }
.yinju-folder { padding: .3em 0; }
/* Gradio links what was uploaded to where it arrived, by its path, and nothing is served by that. */
#yinju-upload .download, #yinju-set .download { display: none; }
.yinju-progress { display: block; }
.yinju-progress progress { display: block; width: 100%; accent-color: var(--yinju-red); }
@media print { .yinju-do, .yinju-cite, .yinju-find, .yinju-judge, .gradio-container .sidebar, #yinju-box, #yinju-try, #yinju-limits, #yinju-limited,
  #yinju-documents, #yinju-evaluation, #yinju-language, #yinju-libraries, #yinju-new { display: none !important; }
  .yinju-card, .yinju-question { break-inside: avoid; }
  .yinju-source { max-height: none; overflow: visible; } }
"""
