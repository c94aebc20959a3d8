"""Guesses about video, sound and label in one array."""

from .kinds import WalkedPrediction

MULTIMODAL = "deepmind/multimodal-perceiver"
VIDEO = {"B": 1, "T": 16, "H": 224, "W": 224, "P": 4, "K": 32}
SOUND = {"B": 1, "S": 30720, "P": 16, "K": 192}

PREDICTIONS = {
    "multimodal.image-rows": WalkedPrediction(
        question="a video of T = 16 frames of H x W = 224 x 224 pixels, B = 1; squares of P x P = "
        "4 x 4 pixels are folded into channels, then places in time, height and width are "
        "appended, written with K = 32 bands. Which shape have its rows?",
        formula="B, T*(H//P)*(W//P), 3*P*P + 3*(2*K + 1)",
        symbols=VIDEO,
        slips={
            "B, T*(H//P)*(W//P), 3*P*P + 2*(2*K + 1)": "places have three axes: time is one.",
            "B, T*(H//P)*(W//P), 3*P*P": "that is what is there; where it is follows.",
            "B, (H//P)*(W//P), 3*P*P + 3*(2*K + 1)": "every frame has squares of its own.",
            "B, T*H*W, 3 + 3*(2*K + 1)": "that is one row for each pixel; squares are folded.",
        },
        model=MULTIMODAL,
        stage="preprocessor.modalities.image",
    ),
    "multimodal.audio-rows": WalkedPrediction(
        question="a sound of S = 30720 samples, B = 1, P = 16 samples in a row; places on the one "
        "axis of time are appended, written with K = 192 bands. Which shape have its rows?",
        formula="B, S//P, P + 2*K + 1",
        symbols=SOUND,
        slips={
            "B, S, 1 + 2*K + 1": "samples are folded, 16 into one row.",
            "B, S//P, P + 2*K": "the raw coordinate is a channel, too.",
            "B, S//P, 2*K + 1": "that is where it is; the samples themselves come first.",
        },
        model=MULTIMODAL,
        stage="preprocessor.modalities.audio",
    ),
    "multimodal.input-array": WalkedPrediction(
        question="I = 50176 rows of image with 243 channels, S = 1920 of audio with 401, 1 of "
        "label with L = 700: the widest gets 4 learned channels more, the others as many as they "
        "need, then all follow one another. Which shape has the array, for B = 1?",
        formula="B, I + S + 1, L + 4",
        symbols={"B": 1, "I": 50176, "S": 1920, "L": 700},
        slips={
            "B, I + S + 1, L": "even the widest is padded, by 4 channels.",
            "B, I + S + 1, 243 + 401 + L": "rows follow one another; channels are not joined.",
            "B, I + S, L + 4": "the label is a row, too.",
            "B, I + S + L, L + 4": "a label is one row: its 700 numbers are channels.",
        },
        model=MULTIMODAL,
        stage="preprocessor",
    ),
}
