"""The firmware under test, as the host sees it over the console."""

from __future__ import annotations

from dataclasses import dataclass

from harness.bench.protocol_constants import (
    INFER,
    INFER_REPLY,
    INFO_REPLY,
    LOAD_INPUT,
    MAX_DATA,
    READ_OUTPUT,
    READ_STEPS,
    VERSION,
    InferFlag,
    InfoReplyFields,
    Request,
)
from harness.bench.protocol_link import Link, Patience
from harness.board.interfaces import Console
from harness.deploy.firmware import Firmware
from harness.errors import DatasetError, FirmwareError, InfrastructureError

_PROMPT = Patience(total=10.0, resend=1.0)
_STEP_BYTES = 8


@dataclass(frozen=True)
class Inference:
    """What one inference gave.

    Attributes:
        output: the stored values of all outputs, one tensor after another.
        cycles: of the core, by its cycle counter.
    """

    output: bytes
    cycles: int


class Device:
    """A board that runs bench firmware. Call `connect` first, after a reset.

    All verbs raise `FirmwareHangError`, `FirmwareFaultError`, another `FirmwareError` when the model's code fails, or
    `ConsoleError` when the line does.
    """

    def __init__(self, console: Console, firmware: Firmware, inference_timeout: float = 60.0) -> None:
        """`inference_timeout` is in seconds on the host's clock: a virtual board may be slower than a real one."""
        self._link = Link(console, firmware.elf)
        self._firmware = firmware
        # Asking again is for lost requests; while an inference runs, it would only disturb.
        self._inference = Patience(inference_timeout, resend=10.0)
        self._input_bytes = sum(tensor.nbytes for tensor in firmware.inputs)
        self._output_bytes = sum(tensor.nbytes for tensor in firmware.outputs)

    def connect(self, timeout: float = 10.0) -> InfoReplyFields:
        """Wait until the firmware answers, and see that it is the one we mean.

        Raises:
            InfrastructureError: another image answers.
            FirmwareError: the model's code did not start, or is not what its backend said.
        """
        patience = Patience(timeout, resend=0.1)
        info = _info(self._link.open_session(Request.INFO, INFO_REPLY.size, patience))
        if info.version != VERSION or info.build_id.hex() != self._firmware.build_id:
            raise InfrastructureError(
                f"the board runs another image (build id {info.build_id.hex()}, protocol {info.version}) than the one "
                f"to measure (build id {self._firmware.build_id}, protocol {VERSION}); flash it again"
            )
        if info.init_error:
            raise FirmwareError(f"the model's code did not start: its error {info.init_error}")
        found = (info.input_bytes, info.output_bytes, info.step_count)
        promised = (self._input_bytes, self._output_bytes, len(self._firmware.steps))
        if found != promised:
            raise FirmwareError(
                f"backend {self._firmware.backend} promised {promised} bytes of input, of output, and steps, "
                f"but its code has {found}"
            )
        return info

    def info(self) -> InfoReplyFields:
        """What the firmware tells of itself."""
        return _info(self._ask(Request.INFO, b"", INFO_REPLY.size))

    def infer(self, data: bytes) -> Inference:
        """One inference.

        Args:
            data: the stored values of all inputs, one tensor after another.

        Raises:
            DatasetError: the inputs are not so many bytes as the model takes.
        """
        cycles = self._run(data, flags=0)
        return Inference(self._read_output(), cycles)

    def profile(self, data: bytes) -> tuple[int, ...]:
        """The cycles of each step of one inference, in the order of `Firmware.steps`. Arguments as for `infer`."""
        self._run(data, InferFlag.TIME_STEPS)
        steps: list[int] = []
        total, most = len(self._firmware.steps), MAX_DATA // _STEP_BYTES
        while len(steps) < total:
            count = min(most, total - len(steps))
            reply = self._ask(Request.READ_STEPS, READ_STEPS.pack(len(steps), count), count * _STEP_BYTES)
            steps += [
                int.from_bytes(reply[at : at + _STEP_BYTES], "little") for at in range(0, len(reply), _STEP_BYTES)
            ]
        return tuple(steps)

    def stack_bytes(self) -> int:
        """The most of the stack that was ever in use since reset, by watermark."""
        return self.info().stack_used

    def _run(self, data: bytes, flags: int) -> int:
        if len(data) != self._input_bytes:
            raise DatasetError(f"a sample has {len(data)} bytes, the model's inputs take {self._input_bytes}")
        for offset in range(0, len(data), MAX_DATA):
            self._ask(Request.LOAD_INPUT, LOAD_INPUT.pack(offset) + data[offset : offset + MAX_DATA], 0)
        reply = self._link.ask(Request.INFER, INFER.pack(flags), INFER_REPLY.size, self._inference)
        (cycles,) = INFER_REPLY.unpack(reply)
        return int(cycles)

    def _read_output(self) -> bytes:
        output = b""
        while len(output) < self._output_bytes:
            length = min(MAX_DATA, self._output_bytes - len(output))
            output += self._ask(Request.READ_OUTPUT, READ_OUTPUT.pack(len(output), length), length)
        return output

    def _ask(self, request: Request, payload: bytes, reply_bytes: int) -> bytes:
        return self._link.ask(request, payload, reply_bytes, _PROMPT)


def _info(reply: bytes) -> InfoReplyFields:
    return InfoReplyFields(*INFO_REPLY.unpack(reply))
