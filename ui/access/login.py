"""The page on which one logs in: plain HTML that needs no script."""

from html import escape
from urllib.parse import urlsplit

from ui.wording import Words, preferred, said

WORDS: Words = {
    "login": ("登录", "Log in"),
    "name": ("用户名", "User name"),
    "password": ("密码", "Password"),
    "wrong": ("用户名或密码不对", "The name or the password is wrong"),
    "wait": ("试错次数太多，请 {seconds} 秒后再试", "Too many wrong attempts; try again in {seconds} s"),
    "unkept": ("登录记不下来（服务器的磁盘写不了），请告诉管理员", "The login cannot be kept (the server's disk cannot be written); tell who runs it"),
    "logout": ("退出", "Log out"),
}
HTML_LANGUAGE = {"zh": "zh-Hans", "zh-Hant": "zh-Hant", "en": "en"}
STYLE = """
:root { color-scheme: light dark; font-family: system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif }
body { display: grid; place-content: center; min-height: 90vh; margin: 1rem }
form { display: grid; gap: .8rem; width: min(20rem, 85vw) }
label { display: grid; gap: .2rem }
input, button { font: inherit; padding: .5rem; border: 1px solid GrayText; border-radius: 4px }
button { background: #b91c1c; color: #fff; border: 0; cursor: pointer }
:focus-visible { outline: 2px solid #b91c1c; outline-offset: 2px }
[role=alert] { border-inline-start: 4px solid #b91c1c; padding: .3rem .6rem; margin: 0 }
"""


def login_html(accepted: str | None, action: str, after: str, name: str = "", wrong: str | None = None, seconds: int = 0) -> str:
    """The page in the browser's language; `wrong` is the key of what is wrong, `after` where to go when logged in."""
    code = preferred(accepted)
    alert = f'<p role="alert">{said(WORDS, wrong, code, seconds=seconds)}</p>' if wrong else ""
    return (
        f'<!doctype html><html lang="{HTML_LANGUAGE[code]}"><head><meta charset="utf-8"><title>{said(WORDS, "login", code)} · Yinju 引据</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f'<form method="post" action="{escape(action, quote=True)}"><h1>引据 Yinju</h1>{alert}'
        f'<input type="hidden" name="next" value="{escape(local(after), quote=True)}">'
        f'<label>{said(WORDS, "name", code)}<input name="username" autocomplete="username" required autofocus maxlength="64" value="{escape(name, quote=True)}"></label>'
        f'<label>{said(WORDS, "password", code)}<input name="password" type="password" autocomplete="current-password" required maxlength="1000"></label>'
        f'<button>{said(WORDS, "login", code)}</button></form></main></body></html>'
    )


def local(address: str) -> str:
    """A path of this server; what would lead elsewhere becomes its root."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith("//") and not parts.scheme and not parts.netloc
    return address if inside and "\\" not in address and address.isprintable() else "/"
