"""From TIR functions to one object file for a core: plain C functions, no TVM runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.deploy.target import Core, Target
from harness.deploy.toolchain import find_toolchain, run_tool

if TYPE_CHECKING:
    import tvm
    from tvm.tirx import PrimFunc

_TRIPLES = {
    Core.CORTEX_M0PLUS: "thumbv6m",
    Core.CORTEX_M4: "thumbv7em",
    Core.CORTEX_M7: "thumbv7em",
    Core.CORTEX_M33: "thumbv8m.main",
}


def llvm_target(target: Target) -> tvm.target.Target:
    """LLVM's view of the core. Without `mfloat-abi` the object would pass floats in integer registers."""
    import tvm

    hard = bool(target.fpu)
    return tvm.target.Target(
        {
            "kind": "llvm",
            "mtriple": f"{_TRIPLES[target.core]}-none-eabi{'hf' if hard else ''}",
            "mcpu": target.core.value,
            "mfloat-abi": "hard" if hard else "soft",
            # The ABI alone would leave floating point registers in use within a function.
            "mattr": [] if hard else ["-fpregs"],
            "vector-width": 32,
        }
    )


def write_object(functions: dict[str, PrimFunc], llvm: tvm.target.Target, path: Path) -> None:
    """Compile functions of raw pointers (see `kernels.kernel.pointer_function`) into one object file."""
    import tvm
    from tvm.tirx import transform as tirx

    bound = {tvm.ir.GlobalVar(name): f.with_attr("target", llvm.with_host(llvm)) for name, f in functions.items()}
    # No TVM simplifier here: it bounds `x >> n` by x >> infinity and so drops clamps. LLVM does better anyway.
    passes = [tirx.FlattenBuffer(), tirx.LowerIntrin()]
    module = tvm.ir.transform.Sequential(passes)(tvm.IRModule(bound))
    tvm.get_global_func("target.build.llvm")(module, llvm).write_to_file(str(path), "o")
    # LLVM takes every function that is called for one that may throw: its tables would bring in libgcc's unwinder.
    run_tool([find_toolchain().compiler.with_name("arm-none-eabi-objcopy"), "--remove-section=.ARM.exidx*", path])
