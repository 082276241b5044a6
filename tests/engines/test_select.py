"""Which engine trains: kernels on a CPU for the optimizers that they have, otherwise TensorFlow."""

import re

import pytest
from jobs import SMALL, make_job

from sk_mnist._utils.optional_imports import NATIVE_TRAINING
from sk_mnist.engines import select
from sk_mnist.engines.numba.optimizers import DEFAULTS
from sk_mnist.engines.select import choose_engine, engine_for
from sk_mnist.training.optimizers import OPTIMIZERS, resolve_optimizer

pytestmark = pytest.mark.keras


NATIVE = ["adam", "adamw", "rmsprop", "sgd"]
ENGINE_CLASSES = {"native": "NumbaTrainer", "tensorflow": "XlaTrainer"}


def test_what_messages_say_of_the_native_engine_is_true():
    names = re.search(r"trains by (.*) without", NATIVE_TRAINING)[1]
    assert re.split(", | and ", names) == list(DEFAULTS) == NATIVE


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_auto_is_native_where_that_has_the_optimizer(optimizer):
    expected = "native" if optimizer in NATIVE else "tensorflow"
    assert choose_engine("auto", resolve_optimizer(optimizer)) == expected


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
def test_auto_is_tensorflow_where_there_is_a_gpu(monkeypatch, optimizer):
    monkeypatch.setattr(select, "_has_gpu", lambda: True)
    assert choose_engine("auto", resolve_optimizer(optimizer)) == "tensorflow"


@pytest.mark.parametrize("engine", ENGINE_CLASSES)
def test_a_gpu_does_not_change_what_was_asked_for(monkeypatch, engine):
    monkeypatch.setattr(select, "_has_gpu", lambda: True)
    assert choose_engine(engine, resolve_optimizer("adam")) == engine


def test_native_refuses_other_optimizers_and_says_what_it_has():
    with pytest.raises(ValueError, match=r"nadam\. It has adam, adamw, rmsprop, sgd, with all"):
        choose_engine("native", resolve_optimizer("nadam"))


@pytest.mark.parametrize("engine", ENGINE_CLASSES)
def test_engine_for_a_name_is_of_that_name(engine):
    with engine_for(make_job(SMALL).task, engine) as found:
        assert type(found).__name__ == ENGINE_CLASSES[engine]
