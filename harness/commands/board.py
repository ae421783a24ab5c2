"""`harness board`: boards on the shelf, new ones, and firmware on virtual ones."""

from __future__ import annotations

from pathlib import Path

import click

from harness.commands.chosen_model import OPTIMIZE

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def board() -> None:
    """Boards: what there is, new ones, and firmware on virtual ones."""


@board.command("list")
def board_list() -> None:
    """List the boards in lab/boards."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from harness.board.board_file import list_boards, load_board
    from harness.units import format_quantity

    table = Table("board", "title", "core", "clock", "flash", "RAM", box=box.SIMPLE_HEAD)
    for name in list_boards():
        spec = load_board(name)
        target = spec.target
        sizes = (format_quantity(memory.size, "B") for memory in (target.flash, target.ram))
        table.add_row(name, spec.title, target.core, format_quantity(target.clock_hz, "Hz"), *sizes)
    Console().print(table)


class _Number(click.ParamType[int]):
    """A number as people write addresses: 0x0800_0000, or decimal."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(str(value), 0)
        except ValueError:
            self.fail(f"{value!r} is no address; write one such as 0x08000000", param, ctx)
        if not 0 <= number < 1 << 32:
            self.fail(f"{value!r} is no address of 32 bits", param, ctx)
        return number


@board.command("new")
@click.argument("name")
@click.option("--from", "like", metavar="BOARD", help="Begin with this board's file: for one much like it.")
@click.option("--family", metavar="FAMILY", help="Begin with the file of a board of this family: for another part.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: NAME.yaml.")
def board_new(name: str, like: str | None, family: str | None, output: Path | None) -> None:
    """Begin the file of a new board, with what is to be filled in marked."""
    from harness.commands.board_check import write_skeleton

    if (like is None) == (family is None):
        raise click.UsageError("begin with what? give --from with a board, or --family")
    write_skeleton(name, like, family, output or Path(f"{name}.yaml"))


@board.command("check")
@click.argument("board_name", metavar="BOARD")
@click.pass_context
def board_check(context: click.Context, board_name: str) -> None:
    """Check a board's file (or a BOARD by name), and boot a self-test on a virtual one."""
    from harness.commands.board_check import check

    context.exit(0 if check(board_name) else 1)


@board.command("schema")
def board_schema() -> None:
    """Print the JSON Schema of board files, for editors; also in docs/board.schema.json."""
    from harness.board.board_schema import board_schema_text

    click.echo(board_schema_text(), nl=False)


@board.command("run")
@click.argument("board_name", metavar="BOARD")
@click.argument("image", type=_FILE)
@click.option("--uart", default="pty", show_default=True, metavar="pty|stdio|tcp:PORT", help="Where the console leads.")
@click.option("--gdb", type=click.IntRange(0, 0xFFFF), metavar="PORT", help="Wait for GDB at this port; 0: any free.")
@click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), help="Write a Perfetto trace (.pftrace).")
@click.option("--timed/--functional", default=True, help="Count what memory costs, too, or run faster without.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after so much virtual time.")
@click.option("--until", metavar="TEXT", help="End when the console prints this; a fault fails.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), help="Fail after so many seconds on this computer.")
@click.option("--address", type=_Number(), help="Where the bytes of a .bin go; default: the start of the flash.")
@click.pass_context
def board_run(
    context: click.Context,
    board_name: str,
    image: Path,
    uart: str,
    gdb: int | None,
    trace: Path | None,
    timed: bool,
    seconds: float | None,
    until: str | None,
    timeout: float | None,
    address: int | None,
) -> None:
    """Run firmware on a virtual board: an ELF, Intel HEX or binary IMAGE on BOARD (name or file)."""
    from harness.board.virtual.run_ending import RunPlan
    from harness.commands.board_run import run

    wanted = until.encode() if until is not None else None
    plan = RunPlan(timed, wanted, seconds, timeout, gdb, trace)
    context.exit(0 if run(board_name, image, address, uart, plan) else 1)


@board.command("explain")
@click.option("--board", "board_name", required=True, help="Name or file of the board.")
@click.option("--model", help="A .tflite file, a model of the zoo, or a benchmark (kws, vww, ic, ad): by layer.")
@click.option("--quantization", help="Of a model of the zoo, such as float32; default: its usual.")
@OPTIMIZE
@click.option("--backend", default="tvm", show_default=True, help="The tool that makes the model's code.")
@click.option("--build", default="O2", show_default=True, help="How, such as O3-lto or Os-soft_float.")
@click.option("--firmware", type=_FILE, help="Any image, instead of a model: by function, if it is an ELF.")
@click.option("--after", metavar="TEXT", help="With --firmware: begin when the console prints this.")
@click.option(
    "--send", default="", metavar="TEXT", help="With --firmware: send this then; \\n and \\xNN are understood."
)
@click.option("--until", metavar="TEXT", help="With --firmware: end when the console prints this.")
@click.option("--seconds", default=10.0, show_default=True, help="With --firmware: of virtual time, at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def board_explain(
    board_name: str,
    model: str | None,
    quantization: str | None,
    optimize: str,
    backend: str,
    build: str,
    firmware: Path | None,
    after: str | None,
    send: str,
    until: str | None,
    seconds: float,
    as_json: bool,
) -> None:
    """Tell where the cycles of an inference went, or those of any firmware."""
    from harness.bench.explain_run import Passage
    from harness.commands import board_explain as explain

    if (model is None) == (firmware is None):
        raise click.UsageError("what is to be explained? give --model, or --firmware with an image")
    if firmware is not None:
        passage = Passage(_encoded(after), _encoded(send) or b"", _encoded(until), seconds)
        account = explain.account_of_image(board_name, firmware, passage)
    else:
        account = explain.account_of_model(board_name, str(model), quantization, backend, build, optimize)
    if as_json:
        click.echo(explain.as_json(account))
    else:
        explain.show(account)


def _encoded(text: str | None) -> bytes | None:
    """The bytes that a text with escapes such as `\\n` stands for."""
    return (
        text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        if text is not None
        else None
    )
