"""Wiring: a pytest run over benchmarks becomes a run of cases on boards, with records, verdicts and a report.

Registered as a pytest plugin by the entry point `pytest11`; `hooks.py` says when things happen, `fixtures.py` what a
benchmark may use.
"""

from harness.pytest_plugin.fixtures import board, case, deploy, measure
from harness.pytest_plugin.hooks import (
    pytest_addoption,
    pytest_configure,
    pytest_configure_node,
    pytest_generate_tests,
    pytest_pyfunc_call,
    pytest_report_teststatus,
    pytest_runtest_makereport,
    pytest_terminal_summary,
)

__all__ = [
    "board",
    "case",
    "deploy",
    "measure",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_generate_tests",
    "pytest_pyfunc_call",
    "pytest_report_teststatus",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]
