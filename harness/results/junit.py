"""A run as JUnit XML, with the measurements as properties, for CI servers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bench.outcome import Status
from harness.results.record import Record
from harness.results.whole_file import write_whole

if TYPE_CHECKING:
    from junitparser.xunit2 import TestCase

_NAME = "tinyml-harness"
# What XML 1.0 can't carry, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(records: Iterable[Record], path: Path) -> Path:
    """Write records as one JUnit test suite, whole or not at all, and return the path.

    Each case carries the properties `model`, `quantization`, `backend`, `build`, `board`, `optimize` and `dut`, and for
    each measurement `<quantity>` (SI value), `<quantity>.unit` and `<quantity>.provenance`. An infrastructure error is
    a JUnit error; every other outcome but `passed` is a failure, whose type is the outcome, whose message the reason.

    Raises:
        ResultsError: the file can't be written.
    """
    from junitparser.xunit2 import JUnitXml, TestSuite

    cases = TestSuite(_NAME)
    for record in records:
        cases.add_testcase(_case(record))
    document = JUnitXml(_NAME)
    document.add_testsuite(cases)
    document.update_statistics()
    content = io.BytesIO()
    document.write(content, pretty=True)
    return write_whole(path, content.getvalue())


def _case(record: Record) -> TestCase:
    from junitparser import Error, Failure
    from junitparser.xunit2 import TestCase

    module, _, name = record.case.partition("::")
    classname = module.removesuffix(".py").replace("/", ".")
    case = TestCase(_clean(name or record.case), _clean(classname), record.origin.seconds)
    status, reason = record.outcome.status, _clean(record.outcome.reason)
    if status is Status.INFRASTRUCTURE_ERROR:
        case.result = [Error(reason, str(status))]
    elif status is not Status.PASSED:
        case.result = [Failure(reason, str(status))]
    for key, value in record_properties(record).items():
        case.add_property(key, _clean(value))
    return case


def record_properties(record: Record) -> dict[str, str]:
    """What a case is and what was measured, by property name (see `write_junit`)."""
    candidate = record.candidate
    found = {
        "model": candidate.model,
        "quantization": candidate.quantization,
        "backend": candidate.backend,
        "build": candidate.build,
        "board": candidate.board,
        "optimize": candidate.optimize,
        "dut": record.origin.dut,
    }
    for one in record.measurements:
        found[one.quantity] = repr(one.value)
        found[f"{one.quantity}.unit"] = one.unit
        found[f"{one.quantity}.provenance"] = str(one.provenance)
    return found


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
