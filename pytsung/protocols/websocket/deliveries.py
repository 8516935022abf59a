"""WebSocket conversations that look at when pushed events were sent.

Only sessions with the option `push_latency` have one; nobody else pays for it. Must
not know clocks: what an event's age is, whoever knows the time says.
"""

from __future__ import annotations

from pytsung.protocols.room import Feedback, StampedFeedback
from pytsung.protocols.websocket.conversation import WebSocketConversation
from pytsung.protocols.websocket.stamp import Stamp, read_stamp


class DeliveryConversation(WebSocketConversation):
    """Knows published events by their stamp; one is a push, also while an answer is awaited."""

    __slots__ = ("_stamps",)

    def __init__(self) -> None:
        super().__init__()
        self._stamps: list[Stamp] | None = None

    def feed(self, data: bytes) -> Feedback:
        """Take received bytes; the stamps among them come with the feedback."""
        feedback = super().feed(data)
        stamps, self._stamps = self._stamps, None
        if stamps is None:
            return feedback
        return StampedFeedback(
            feedback.complete,
            feedback.pushes,
            feedback.reply,
            feedback.close,
            feedback.counters,
            feedback.error,
            feedback.answer,
            stamps,
        )

    def _take_message(self, payload: bytes, feedback: Feedback) -> None:
        stamp = read_stamp(payload)
        if stamp is None:
            super()._take_message(payload, feedback)
            return
        feedback.pushes += 1
        if self._stamps is None:
            self._stamps = [stamp]
        else:
            self._stamps.append(stamp)
