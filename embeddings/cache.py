"""Where models live on this machine."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """`$YINJU_CACHE`, or the user's cache folder by the platform's custom. It may not exist yet."""
    chosen = os.environ.get("YINJU_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("yinju"))
