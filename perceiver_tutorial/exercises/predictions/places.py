"""Guesses about how wide places are written: on a line, on a picture, in a video."""

from .kinds import WalkedPrediction

MULTIMODAL = "deepmind/multimodal-perceiver"

PREDICTIONS = {
    "places.photograph": WalkedPrediction(
        question="224 x 224 pixels, K = 64 bands on each axis. Which shape have the places?",
        formula="H*W, 2*(2*K + 1)",
        symbols={"H": 224, "W": 224, "K": 64},
        slips={
            "H*W, 2*2*K": "256 are sines and cosines; the raw y and x are channels as well.",
            "H*W, 2*2*K + 1": "there is one raw coordinate for each axis: two.",
            "H*W, 2*K + 1": "that is one axis; a pixel has a y and an x.",
            "H*W, 2*(K + 1)": "each band is a pitch, and has a sine and a cosine.",
            "H*W, (2*K + 1)**2": "axes are written side by side, not multiplied.",
            "H + W, 2*(2*K + 1)": "every pixel has a row of its own, not every row and column.",
        },
        model="deepmind/vision-perceiver-fourier",
        stage="preprocessor.where",
    ),
    "places.sound": WalkedPrediction(
        question="S = 30,720 samples of sound, 16 of them in each input, K = 192 bands.",
        formula="S//16, 2*K + 1",
        symbols={"S": 30720, "K": 192},
        slips={
            "S, 2*K + 1": "16 samples together are one input, and have one place.",
            "S//16, 2*K": "the raw time is a channel, too.",
            "S//16, 2*(2*K + 1)": "sound has one axis, time.",
            "S//16, K + 1": "each band has a sine and a cosine.",
        },
        model=MULTIMODAL,
        stage="preprocessor.modalities.audio.where",
        depth=3,
    ),
    "places.video": WalkedPrediction(
        question="T = 16 frames of H x W = 224 x 224, in patches of 4 x 4 pixels, K = 32 bands.",
        formula="T*(H//4)*(W//4), 3*(2*K + 1)",
        symbols={"T": 16, "H": 224, "W": 224, "K": 32},
        slips={
            "T*(H//4)*(W//4), 2*(2*K + 1)": (
                "so says the post, 2D; but time is an axis like the others."
            ),
            "T*(H//4)*(W//4), 3*(2*2*K + 1)": (
                "those are the 387 of the paper's appendix, with 64 bands; 32 were released."
            ),
            "T*(H//4)*(W//4), 3*2*K + 1": "there is one raw coordinate for each axis: three.",
            "T*(H//4)*(W//4), 3*2*K": "the raw coordinates are channels, too.",
            "T*H*W, 3*(2*K + 1)": "a patch of 4 x 4 pixels is one input, and has one place.",
        },
        model=MULTIMODAL,
        stage="preprocessor.modalities.image.where",
        depth=3,
    ),
}
