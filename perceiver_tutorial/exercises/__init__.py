"""Judging answers: inputs to try, the reference, the usual slips, and shapes to guess."""

from .arrays import EVEN_OUT, PATCHES_BY_HAND, PATCHES_STAY_WHOLE, STRIDES
from .attention import ATTEND, HIDDEN_IS_SILENT, KEEP_EARLIER, READS_AVERAGES, SPLIT_HEADS
from .bytes_in import BYTE_PARAMETERS, SURVIVES_PADDING, TEXT_TO_IDS, TWO_BYTES
from .check import BugHunt, Exercise, NotYet, Slip
from .checkpoints import DOCTORED, KEYS_OF_A_HEAD, RENAME, WHO_ASKS_WHOM, doctored
from .clouds import HAS_NO_ORDER, IGNORES_PADDING, KEEP_POINTS, POINT_WIDTH, SPREAD_OUT
from .costs import GROWS_RIGHT, HALF_THE_COST, MAP_BYTES, READING_FLOPS
from .cross import CROSS_PARAMETERS, READ_ACROSS, READS_A_SET
from .decoders import ALL_AND_ONE_CHUNK, IN_CHUNKS, QUERIES_ARE_ALONE, TWICE_AS_FINE
from .distillation import CLASSES_APART, HARD_LOSS, SAME_TEACHER, SOFT_LOSS
from .distillation_token import (
    DEIT_PARAMETERS,
    ONE_MATRIX,
    SECOND_NOT_LAST,
    STRETCHED_POSITIONS,
    TOKEN_COSINE,
)
from .dummies import Dummy
from .entities import ENTITY_MAPS, POINTER_SHARES, SCORES_FOLLOW
from .extending_detection import BOX_OVERLAP, ONE_QUERY_EACH, PAIR_UP, PATCHES_IN_TIME
from .extending_text import BEST_SPAN, BYTES_TO_ENTITIES, QUERY_COUNTS, SPAN_LOSS, TAGS_EVERY_BYTE
from .feature_maps import KERNEL_OF_FILM, STAYS_IN_PLACE, TOP_DOWN, UNITS_OF_FILM
from .flow import END_POINT_ERROR, LOOKS_WHERE_IT_WENT, NEIGHBOURHOODS, TILE_STARTS
from .hierarchy import POOL_IN_ORDER, STAGE_SHAPE, STAYS_INSIDE
from .mask_units import POOLS_NEIGHBOURS, REROLL_ONCE, UNIT_OF, UNROLL_ONCE
from .masking import KEEPS_THE_SECRET, MASKED_LOSS, QK_PARAMETERS, SPAN
from .multimodal import END_TO_END, EVEN_CHUNKS, HIDES_THE_LABEL, OWNERS
from .padding import PADS, SAME_STEM, SMALLEST_IMAGE, WINDOWS
from .parts import MOVE_LIST
from .perceiver import MAP_CELLS, READ, RUNS, SHARES_OUT_ONE
from .pixels import IN_PLACE, LINEAR_PER_PIXEL, REORDER, TABLE_PARAMETERS
from .places import DISGUISE, KEEPS_CODES, LOOK_AT, PITCHES, PLACE_IN_2D
from .positions import CELL_POSITION, FOURIER_1D, FOURIER_WIDTH, PLACES_OF_ITS_OWN
from .predict import Prediction
from .predictions import predict
from .pretraining import KEPT_NUMBERS, PATCH_TARGETS, PIXELS_STAY_HIDDEN
from .shapes import LINEAR_PARAMETERS, PIXELS_TO_ROWS, ROW_OF_PIXEL
from .targets import paint
from .text_classes import HEAD_PARAMETERS, HOLDS_BACK, POOLED_SCORES

__all__ = [
    "ALL_AND_ONE_CHUNK",
    "ATTEND",
    "BEST_SPAN",
    "BOX_OVERLAP",
    "BYTES_TO_ENTITIES",
    "BYTE_PARAMETERS",
    "CELL_POSITION",
    "CLASSES_APART",
    "CROSS_PARAMETERS",
    "DEIT_PARAMETERS",
    "DISGUISE",
    "DOCTORED",
    "END_POINT_ERROR",
    "END_TO_END",
    "ENTITY_MAPS",
    "EVEN_CHUNKS",
    "EVEN_OUT",
    "FOURIER_1D",
    "FOURIER_WIDTH",
    "GROWS_RIGHT",
    "HALF_THE_COST",
    "HARD_LOSS",
    "HAS_NO_ORDER",
    "HEAD_PARAMETERS",
    "HIDDEN_IS_SILENT",
    "HIDES_THE_LABEL",
    "HOLDS_BACK",
    "IGNORES_PADDING",
    "IN_CHUNKS",
    "IN_PLACE",
    "KEEPS_CODES",
    "KEEPS_THE_SECRET",
    "KEEP_EARLIER",
    "KEEP_POINTS",
    "KEPT_NUMBERS",
    "KERNEL_OF_FILM",
    "KEYS_OF_A_HEAD",
    "LINEAR_PARAMETERS",
    "LINEAR_PER_PIXEL",
    "LOOKS_WHERE_IT_WENT",
    "LOOK_AT",
    "MAP_BYTES",
    "MAP_CELLS",
    "MASKED_LOSS",
    "MOVE_LIST",
    "NEIGHBOURHOODS",
    "ONE_MATRIX",
    "ONE_QUERY_EACH",
    "OWNERS",
    "PADS",
    "PAIR_UP",
    "PATCHES_BY_HAND",
    "PATCHES_IN_TIME",
    "PATCHES_STAY_WHOLE",
    "PATCH_TARGETS",
    "PITCHES",
    "PIXELS_STAY_HIDDEN",
    "PIXELS_TO_ROWS",
    "PLACES_OF_ITS_OWN",
    "PLACE_IN_2D",
    "POINTER_SHARES",
    "POINT_WIDTH",
    "POOLED_SCORES",
    "POOLS_NEIGHBOURS",
    "POOL_IN_ORDER",
    "QK_PARAMETERS",
    "QUERIES_ARE_ALONE",
    "QUERY_COUNTS",
    "READ",
    "READING_FLOPS",
    "READS_AVERAGES",
    "READS_A_SET",
    "READ_ACROSS",
    "RENAME",
    "REORDER",
    "REROLL_ONCE",
    "ROW_OF_PIXEL",
    "RUNS",
    "SAME_STEM",
    "SAME_TEACHER",
    "SCORES_FOLLOW",
    "SECOND_NOT_LAST",
    "SHARES_OUT_ONE",
    "SMALLEST_IMAGE",
    "SOFT_LOSS",
    "SPAN",
    "SPAN_LOSS",
    "SPLIT_HEADS",
    "SPREAD_OUT",
    "STAGE_SHAPE",
    "STAYS_INSIDE",
    "STAYS_IN_PLACE",
    "STRETCHED_POSITIONS",
    "STRIDES",
    "SURVIVES_PADDING",
    "TABLE_PARAMETERS",
    "TAGS_EVERY_BYTE",
    "TEXT_TO_IDS",
    "TILE_STARTS",
    "TOKEN_COSINE",
    "TOP_DOWN",
    "TWICE_AS_FINE",
    "TWO_BYTES",
    "UNITS_OF_FILM",
    "UNIT_OF",
    "UNROLL_ONCE",
    "WHO_ASKS_WHOM",
    "WINDOWS",
    "BugHunt",
    "Dummy",
    "Exercise",
    "NotYet",
    "Prediction",
    "Slip",
    "doctored",
    "paint",
    "predict",
]
