"""Text without what cannot be seen."""


def visible(text: str) -> str:
    """The text without control characters, halves of characters and white space around it."""
    return "".join(each for each in text if each.isprintable() or each.isspace()).strip()
