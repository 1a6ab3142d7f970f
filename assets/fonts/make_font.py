"""Writes roboto.ttf: the part of Roboto Regular that the explorer shows, without hints.

    ./dev shell --peers /usr/bin/python3 assets/fonts/make_font.py           # a second
    ./dev shell --peers /usr/bin/python3 assets/fonts/make_font.py --check   # that the file is what this would write
"""
import io
import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = "/usr/share/fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf"
TARGET = pathlib.Path(__file__).with_name("roboto.ttf")
# Latin with accents, Greek, Cyrillic, punctuation, superscripts and subscripts, and a few signs of mathematics.
RANGES = [(0x20, 0x7e), (0xa0, 0x17f), (0x370, 0x3ff), (0x400, 0x45f), (0x2010, 0x2027), (0x2030, 0x203a),
          (0x2070, 0x208e), (0x20ac, 0x20ac), (0x2190, 0x2199), (0x2200, 0x2265)]


def font_bytes():
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 13, 14])
    font = TTFont(SOURCE, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for low, high in RANGES for code in range(low, high + 1)])
    subsetter.subset(font)
    data = io.BytesIO()
    font.save(data)
    return data.getvalue()


if __name__ == "__main__":
    data = font_bytes()
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if TARGET.read_bytes() == data else f"{TARGET.name} is not what the script writes")
    TARGET.write_bytes(data)
    print(f"{TARGET.name}: {len(data)} bytes")
