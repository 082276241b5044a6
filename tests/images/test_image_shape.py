import pytest

from sk_mnist.images.image_shape import resolve_image_shape


@pytest.mark.parametrize("required", [True, False])
def test_image_shape_of_784_features_is_28_by_28(required):
    assert resolve_image_shape(784, None, required=required) == (28, 28)


def test_image_shape_required_is_square_by_default():
    assert resolve_image_shape(64, None, required=True) == (8, 8)


@pytest.mark.parametrize("n_features", [4, 13, 64, 783])
def test_image_shape_optional_is_none_by_default(n_features):
    assert resolve_image_shape(n_features, None, required=False) is None


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(("n_features", "shape"), [(64, (4, 16)), (784, (14, 56)), (6, (2, 3))])
def test_image_shape_given_is_used(n_features, shape, required):
    assert resolve_image_shape(n_features, shape, required=required) == shape


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("shape", [(2, 2), (6,), (1, 2, 3)])
def test_image_shape_rejects_wrong_number_of_pixels(shape, required):
    with pytest.raises(ValueError, match=r"height \* width = 6, the number of features, got \("):
        resolve_image_shape(6, shape, required=required)


def test_image_shape_required_rejects_features_that_are_not_square():
    with pytest.raises(ValueError, match="60 features are not the pixels of a square image"):
        resolve_image_shape(60, None, required=True)
