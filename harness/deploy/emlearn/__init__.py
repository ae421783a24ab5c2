"""The `emlearn` backend: classifiers of scikit-learn as C."""

from harness.deploy.emlearn.backend import EmlearnBackend

__all__ = ["EmlearnBackend"]
