"""Whole numbers as attributes of XML say them, or fail to."""


def whole(said: str | None, otherwise: int, digits: int = 5) -> int:
    """The number that is said, where it is one of at most so many digits."""
    return int(said) if said and said.isascii() and said.isdigit() and len(said) <= digits else otherwise
