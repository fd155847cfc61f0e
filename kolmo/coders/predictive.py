from __future__ import annotations

from abc import ABC, abstractmethod

from kolmo.coders.base import Coder


class Cursor(ABC):
    pass


class PredictiveCoder(Coder):
    @abstractmethod
    def _cursor(self, context: bytes) -> Cursor: ...
