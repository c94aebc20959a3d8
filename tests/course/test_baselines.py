"""The small convolutional network is told what a Perceiver must find out."""

import torch

from perceiver_course.kit.rivals import small_cnn


def test_it_scores_classes_for_pictures_of_any_size():
    model = small_cnn(image_channels=3, num_classes=4, width=5)
    assert model(torch.zeros(2, 3, 8, 9)).shape == (2, 4)
    assert model(torch.zeros(2, 3, 20, 12)).shape == (2, 4)


def test_the_course_compares_with_28714_weights():
    assert sum(p.numel() for p in small_cnn().parameters()) == 28_714


def test_far_from_the_border_it_does_not_care_where_a_stroke_is():
    stroke = torch.zeros(1, 1, 24, 24)
    stroke[..., 8:12, 9] = 1
    model = small_cnn().eval()
    moved = model(stroke.roll((2, 4), (-2, -1)))
    assert torch.allclose(model(stroke), moved, atol=1e-6)
