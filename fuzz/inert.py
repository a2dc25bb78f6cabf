"""What comes from documents and readers is shown and does nothing: it makes no element and no attribute of a page."""

from lxml import html

# Nothing the page shows of an answer or a source leads or loads anywhere; what is pressed is known to the page's own script.
ATTRIBUTES = frozenset(
    ["aria-label", "aria-live", "class", "data-do", "data-failed", "data-id", "data-number", "data-place", "data-said", "data-start", "data-style",
     "data-turn", "dir", "maxlength", "placeholder", "role", "tabindex", "title", "type", "value"]
)  # fmt: skip
ELEMENTS = frozenset(
    ["article", "b", "bdi", "blockquote", "button", "details", "div", "footer", "form", "h2", "h3", "h4", "h5", "hr", "input", "mark", "p", "pre",
     "section", "span", "summary"]
)  # fmt: skip
Shape = list[tuple[str, tuple[str, ...]]]


def shape(page: str) -> Shape:
    """The elements of a piece of a page in order, each with its attributes' names.

    Raises AssertionError where it holds any that Yinju's pages are not made of.
    """
    found = []
    for each in html.fragment_fromstring(page, create_parent="main").iterdescendants():
        assert isinstance(each.tag, str), f"a comment or instruction: {each!r}"
        found.append((each.tag, tuple(sorted(each.attrib))))
    for tag, attributes in found:
        assert tag in ELEMENTS and ATTRIBUTES.issuperset(attributes), (tag, attributes)
    return found


def same_shape(page: str, harmless: str) -> None:
    """Both are made of the same elements, which the page itself made: the words in them made none."""
    assert shape(page) == shape(harmless)


def harmless(text: str) -> str:
    """As many characters, none of which means anything to a browser; white space stays where it is."""
    return "".join(each if each.isspace() else "x" for each in text)
