"""The toss of a weighted coin."""

import numpy as np


def chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)
