"""Digits in fonts that Debian ships, where they are installed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Debian's packages fonts-dejavu-core, -liberation, -freefont-ttf, -lato, -open-sans, -cantarell,
# -linuxlibertine, -crosextra-carlito, -crosextra-caladea, -inconsolata, -oldstandard,
# -roboto-unhinted, -comic-neue, -humor-sans, -breip and -ecolier-court.
FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono-Bold.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Italic.ttf",
    "FreeSans.ttf",
    "Lato-Regular.ttf",
    "OpenSans-Regular.ttf",
    "Cantarell-Bold.otf",
    "LinLibertine_R.otf",
    "Carlito-Regular.ttf",
    "Caladea-Regular.ttf",
    "Inconsolata.otf",
    "OldStandard-Regular.ttf",
    "Roboto-Regular.ttf",
    "ComicNeue-Regular.otf",
    "Humor-Sans.ttf",
    "Breip.ttf",
    "Ecolier-court.ttf",
)
"""The last four imitate handwriting."""

_DIRECTORIES = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.fonts"))


def installed() -> list[Path]:
    """Return the files of the fonts that are installed, in the order of `FONTS`."""
    found = {
        path.name: path
        for directory in _DIRECTORIES
        for path in sorted(directory.expanduser().rglob("*.[ot]tf"))
    }
    return [found[name] for name in FONTS if name in found]


def typeset(path: Path, size: int = 120) -> Iterator[np.ndarray]:
    """Yield the ink of the ten digits in a font, from 0 for paper to 1 for ink.

    Parameters
    ----------
    path : Path
        The file of the font.
    size : int
        Size of the font in pixels.
    """
    font = ImageFont.truetype(path, size)
    for digit in range(10):
        image = Image.new("L", (2 * size, 2 * size))
        ImageDraw.Draw(image).text((size, size), str(digit), font=font, fill=255, anchor="mm")
        yield np.asarray(image) / 255.0
