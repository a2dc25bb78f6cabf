"""Who is logged in, on the page: the name with a button that logs out, or a link to log in."""

from html import escape

from ui.access import login
from ui.access.caller import Caller
from ui.wording import Words, said

WORDS: Words = {"keeper": ("管理员", "keeper"), "reader": ("读者", "reader")}


def account_html(caller: Caller, up: str, code: str) -> str:
    """`up` leads from the page to the server's root. Empty where nobody logs in."""
    if caller.name:
        return (
            f'<form class="yinju-account" method="post" action="{up}logout"><span dir="auto">{escape(caller.name)}</span> '
            f'<small class="yinju-hint">{said(WORDS, caller.role, code)}</small> '
            f'<button type="submit" class="yinju-do">{said(login.WORDS, "logout", code)}</button></form>'
        )
    # Whoever is nobody in particular and may only read could log in.
    return f'<p class="yinju-account"><a href="{up}login">{said(login.WORDS, "login", code)}</a></p>' if caller.role == "reader" else ""
