"""Pictures that readers bring."""

import io

from PIL import Image, UnidentifiedImageError

from ..checkpoints.pictures import as_rgb


def picture_in(content: bytes) -> Image.Image:
    """The picture in a file, the right way up, in red, green and blue.

    Args:
        content: of the file.

    Raises:
        ValueError: if it is no picture, is cut short, or is too large to be unpacked.
    """
    try:
        return as_rgb(Image.open(io.BytesIO(content)))
    except UnidentifiedImageError:
        raise ValueError(
            f"expected a picture, as PNG, JPEG or WebP, got {len(content):,} bytes of something "
            "else. Choose another file."
        ) from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"the picture cannot be read to its end: {error}. Save it anew.") from None
    except Image.DecompressionBombError as error:
        raise ValueError(f"the picture is too large: {error}. Make it smaller.") from None
