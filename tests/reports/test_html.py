"""The HTML report is one file that says what the records say, and trusts none of their words."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest

from harness.bench.layer_time import LayerTime
from harness.bench.measurement import Measurement, Provenance
from harness.bench.outcome import Outcome, Status
from harness.errors import ResultsError
from harness.explore.summary import assess, planes_of
from harness.explore.verdict import show
from harness.results.record import Record
from harness.results.store import RunDirectory
from reports.html import report_html, write_report
from tests.reports.sample_records import TASKS, judged_records, sample_facts, sample_records

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>$\\frac{&amp;]]>-->{{ 7*7 }}\x1b[31m"


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and the text outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in_style = False
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.append(data)


def report(tmp_path: Path, records: list[Record], name: str = "one") -> str:
    run = RunDirectory.create(tmp_path, sample_facts(), name)
    for record in records:
        run.append(record)
    return report_html(run)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    return report(tmp_path_factory.mktemp("runs"), sample_records())


def test_nothing_is_fetched_from_anywhere(sample: str) -> None:
    page = Page(sample)
    loading = {"src", "srcset", "data", "action", "poster", "background", "cite", "formaction", "ping", "manifest"}
    for tag, attributes in page.elements:
        assert tag not in ("script", "iframe", "object", "embed", "base", "form", "img", "audio", "video"), tag
        assert not loading & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in ("href", "xlink:href"):
            if (target := attributes.get(name)) is not None:
                assert target.startswith("#") or target == "data:,", target
    assert not re.search(r"@import|url\((?!#)", sample)
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", sample))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in sample


def test_every_candidate_has_its_outcome_and_reason(sample: str) -> None:
    text = Page(sample).text
    for record in sample_records():
        assert str(record.outcome.status) in text
        if record.outcome.status not in (Status.PASSED, Status.CONSTRAINT_FAILED):
            assert record.outcome.reason.removeprefix("does not fit: ") in text
    assert "sram lacks 25,600 bytes" in text
    assert "12 candidates: 6 passed, 3 constraint failed" in text


def test_every_verdict_is_told_with_its_value_and_margin(sample: str) -> None:
    text = Page(sample).text
    for one in assess(sample_records()):
        for verdict in one.verdicts:
            if verdict.value is not None:
                assert show(verdict.constraint.quantity, verdict.value) in text
    assert "22 % beyond it" in text
    assert "latency ≤ 120 ms".replace(" ", "\N{NO-BREAK SPACE}") in sample


def test_every_number_in_the_tables_carries_its_provenance(sample: str) -> None:
    values = sample.count('class="value"')
    badges = len(re.findall(r'class="badge (?:measured|simulated|estimated)"', sample))
    in_legend = len({one.provenance for record in sample_records() for one in record.measurements})
    assert values > 100
    assert badges == values + in_legend


def test_mixed_provenance_in_a_plot_is_said(sample: str) -> None:
    assert "mixed provenance: float32 nucleo_l4r5zi: estimated; the others: simulated" in Page(sample).text
    assert "float32 nucleo_l4r5zi (estimated)" in sample


def test_every_model_has_its_plots_and_every_point_its_tooltip(sample: str) -> None:
    planes = planes_of(sample_records())
    plots = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg xmlns.*?</svg>", sample, re.DOTALL)]
    assert len(plots) == 3 * len(planes)
    titles = [title.text or "" for plot in plots for title in plot.iter("{http://www.w3.org/2000/svg}title")]
    expected = sum(
        plane.x.value(record) is not None and plane.y.value(record) is not None
        for record in sample_records()
        for plane in planes
    )
    assert len(titles) == expected
    assert (
        "kws_ds_cnn int8 nucleo_l4r5zi: latency 57.8 ms (simulated), energy 4.51 mJ (simulated); on the front" in titles
    )


def test_every_task_has_its_metrics_and_its_plane(tmp_path: Path) -> None:
    page = report(tmp_path, judged_records(TASKS))
    text = Page(page).text
    for heading in ("perplexity", "accuracy", "macro F1", "AUC", "MAE", "RMSE"):
        assert heading in text.partition("agreement with host")[0].rpartition("lower bound")[2]
    for shown in ("91.2 %", "0.876", "0.871", "2.35", "3.46", "11.2"):
        assert shown in text
    assert "MAE (lower is better)" in page
    assert "AUC (higher is better)" in page
    assert not re.search(r"<text[^>]*>[0-9.]+ m</text>", page)  # thousandths of nothing
    captions = re.findall(r"<figcaption>(latency and [a-zA-Z]+)", page)
    assert sorted(set(captions) - {"latency and energy"}) == [
        *("latency and AUC", "latency and MAE", "latency and accuracy", "latency and perplexity"),
    ]
    assert len(captions) == 2 * len(TASKS)  # none in a plane that its task knows nothing of


def test_what_a_runtimes_own_interpreter_says_has_a_column_where_one_was_asked(tmp_path: Path, sample: str) -> None:
    assert "from its own runtime" not in Page(sample).text
    record = sample_records()[0]
    own = Measurement.of("runtime_difference", 0, Provenance.SIMULATED)
    page = report(tmp_path, [replace(record, measurements=(*record.measurements, own))])
    assert "largest difference from its own runtime" in Page(page).text


def test_ids_are_unique_on_the_page(sample: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(sample).elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_layers_show_cycles_and_cycles_a_mac(sample: str) -> None:
    record = next(one for one in sample_records() if one.candidate.model == "kws_ds_cnn" and one.layers)
    layer = record.layers[0]
    text = Page(sample).text
    assert f"{layer.cycles:,.0f}" in text
    assert f"{layer.cycles / layer.macs:.2f}" in text


def test_provenance_tells_hashes_tools_flags_and_dut(sample: str) -> None:
    text = Page(sample).text
    for record in sample_records():
        origin = record.origin
        for word in (origin.model_sha256, origin.board_sha256, origin.firmware_build_id, origin.git_commit, origin.dut):
            assert word in text
        for tool, version in origin.versions.items():
            assert tool in text
            assert version in text
        assert " ".join(origin.flags) in text


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path, sample: str) -> None:
    records = sample_records()
    Random(3).shuffle(records)
    assert report(tmp_path, records) == sample


def test_another_process_gives_the_same_bytes(tmp_path: Path, sample: str) -> None:
    run = RunDirectory.create(tmp_path, sample_facts(), "one")
    for record in sample_records():
        run.append(record)
    code = "import sys; from harness.results.store import RunDirectory; from reports.html import report_html; "
    code += "sys.stdout.reconfigure(encoding='utf-8'); sys.stdout.write(report_html(RunDirectory.open(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(run.path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == sample


def hostile_records() -> list[Record]:
    """Every text that comes from outside is an attack."""
    found = []
    for number, record in enumerate(sample_records()):
        candidate = replace(
            record.candidate,
            **{field: f"{HOSTILE}{field}{getattr(record.candidate, field)}" for field in vars(record.candidate)},
        )
        hashes = replace(record.origin, model_sha256=HOSTILE, board_sha256=HOSTILE, firmware_build_id=HOSTILE)
        named = replace(hashes, dut=HOSTILE, started=HOSTILE, git_commit=HOSTILE)
        origin = replace(named, versions={HOSTILE: HOSTILE}, flags=(HOSTILE,))
        layers = tuple(replace(layer, kernel=HOSTILE, layers=(HOSTILE,)) for layer in record.layers)
        limits = (*record.limits, "ram <=\t50\n%")
        found.append(
            replace(
                record,
                case=f"{HOSTILE}{number}",
                candidate=candidate,
                origin=origin,
                layers=layers,
                limits=limits,
                outcome=replace(record.outcome, reason=HOSTILE),
            )
        )
    return found


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    facts = replace(sample_facts(), rack=HOSTILE, command=(HOSTILE,), limits=(HOSTILE,), started=HOSTILE)
    facts = replace(facts, git_commit=HOSTILE, harness_version=HOSTILE)
    run = RunDirectory.create(tmp_path, facts, "hostile")
    for record in hostile_records():
        run.append(record)
    html = report_html(run)
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img"}
    assert "<script>alert(1)</script>" in page.text
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "\x1b" not in html
    assert "{{ 7*7 }}" in html
    for svg in re.findall(r"<svg xmlns.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(svg)


@pytest.mark.parametrize("name", ["模型", "модель", "🚀", "a$b$", "_" * 300, " ", "e\u0301\u0302"])
def test_unusual_names_are_drawn_without_a_warning(tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    records = [
        replace(record, candidate=replace(record.candidate, quantization=f"{name}{record.candidate.quantization}"))
        for record in sample_records()
    ]
    assert " ".join(f"{name}int8".split()) in report(tmp_path, records)
    assert [str(warning.message) for warning in recwarn] == []


def test_a_run_without_records_says_so(tmp_path: Path) -> None:
    assert "No case of this run has ended yet." in Page(report(tmp_path, [])).text


@pytest.mark.parametrize("status", list(Status))
def test_a_run_of_one_record_without_measurements_is_a_page(tmp_path: Path, status: Status) -> None:
    record = replace(sample_records()[0], measurements=(), layers=(), outcome=Outcome(status, "why"))
    text = Page(report(tmp_path, [record])).text
    assert "No candidate has both measurements." in text
    assert str(status) in text


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), -1.0, 1e300, 5e-324])
def test_odd_values_do_not_break_the_page(tmp_path: Path, value: float) -> None:
    record = sample_records()[0]
    odd = tuple(
        Measurement(one.quantity, value, one.unit, (value, value), one.provenance) for one in record.measurements
    )
    layers = (LayerTime("kernel", (), value, 0, Provenance.SIMULATED),)
    page = report(tmp_path, [replace(record, measurements=odd, layers=layers), *sample_records()[1:3]])
    assert "lenet5_digits" in page


def test_where_candidates_crowd_the_front_is_named_first(tmp_path: Path) -> None:
    record = next(one for one in sample_records() if str(one.outcome.status) == "passed")
    records = []
    for number in range(40):
        slower = tuple(
            Measurement.of(one.quantity, [sample * (1 + number / 10) for sample in one.samples], one.provenance)
            if one.quantity in ("latency", "energy")
            else one
            for one in record.measurements
        )
        candidate = replace(record.candidate, build=f"build{number}")
        records.append(replace(record, case=str(number), candidate=candidate, measurements=slower, limits=()))
    first, *_ = re.findall(r"<svg xmlns.*?</svg>", report(tmp_path, records), re.DOTALL)
    drawn = re.findall(r"<text[^>]*>([^<]*build[^<]*)</text>", first)
    assert "build0" in drawn[0]
    assert 1 < len(drawn) < 40


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "runs", sample_facts())
    run.append(sample_records()[0])
    path = write_report(run, tmp_path / "pages" / "report.html")
    assert path.read_text(encoding="utf-8") == report_html(run)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    with pytest.raises(ResultsError, match=r"report\.html/x\.html"):
        write_report(run, path / "x.html")


def test_heavy_libraries_are_not_imported_before_they_are_needed() -> None:
    code = "import sys, reports; sys.exit(bool({'matplotlib', 'jinja2', 'numpy', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
