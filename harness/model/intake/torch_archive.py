"""PyTorch's exported programs (`.pt2`): checked, and copied without the pickles that PyTorch would load from them.

`torch.export.load` unpickles sample inputs, without restrictions where the safe way fails, and weights and constants
that say so (torch 2.13, `export/pt2_archive/_package.py`); and symbolic sizes go through `sympify`, which evaluates
text. So only the plain parts are taken: weights as bytes, and the graph as JSON with fixed sizes.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from harness.errors import ModelError
from harness.model.intake.archive import read_json, read_members

_PLAIN = re.compile(
    r"(data/weights/(weight_\d+|model_weights_config\.json)|data/constants/(tensor_\d+|model_constants_config\.json)"
    r"|models/model\.json|archive_format|archive_version|\.data/\w+|byteorder)"
)
_SAMPLES = "data/sample_inputs/model.pt"
_GRAPH = "models/model.json"
_OPERATOR = re.compile(r"(torch\.ops\.aten\.\w+\.\w+|_operator\.\w+)")
_TREES = {"builtins.tuple", "builtins.list", "builtins.dict", None}


def safe_copy(path: Path, target: Path) -> None:
    """Write the program without its sample inputs.

    Raises:
        ModelError: the archive is corrupt, or holds pickles, symbolic sizes, or operators other than ATen's; all of
            these are listed.
    """
    members = read_members(path)
    root = next((name.partition("/")[0] for name in members if name.endswith("/" + _GRAPH)), None)
    if root is None:
        raise ModelError("holds no program called 'model'; save it with torch.export.save")
    plain = {name.removeprefix(f"{root}/"): content for name, content in members.items()}
    found = _complaints(plain)
    if found:
        raise ModelError("can't be taken:\n" + "\n".join(f"  {one}" for one in found))
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in {**plain, _SAMPLES: b""}.items():
            archive.writestr(f"{root}/{name}", content)


def _complaints(members: dict[str, bytes]) -> list[str]:
    strange = [name for name in members if name != _SAMPLES and not _PLAIN.fullmatch(name)]
    found = [f"{name}: is none of the plain parts of an exported program, and may be a pickle" for name in strange]
    for kind in ("weights", "constants"):
        config = f"data/{kind}/model_{kind}_config.json"
        payloads = read_json(members.get(config, b"{}"), config)
        found += [f"{name}: is stored as a pickle" for name in _pickled(payloads)]
    program = read_json(members[_GRAPH], _GRAPH)
    if not isinstance(program, dict):
        raise ModelError(f"{_GRAPH} holds no program")
    found += _symbols(program)
    found += _foreign_operators(program)
    return found


def _pickled(config: Any) -> list[str]:
    payloads = config.get("config") if isinstance(config, dict) else None
    if not isinstance(payloads, dict):
        return ["its table of payloads"]
    return [
        str(name)
        for name, one in payloads.items()
        if not isinstance(one, dict)
        or one.get("use_pickle") is not False
        or not re.fullmatch(r"(weight|tensor)_\d+", str(one.get("path_name")))
    ]


def _symbols(program: dict[str, Any]) -> list[str]:
    text = json.dumps(program)
    found = []
    if '"as_expr"' in text or '"expr_str"' in text or program.get("range_constraints"):
        found.append("a size is symbolic; export it again without dynamic_shapes")
    for tree in re.findall(r'\\"type\\": (null|\\"[^"\\]*\\")', text):
        kind = None if tree == "null" else tree.strip('\\"')
        if kind not in _TREES:
            found.append(f"an input or output is a {kind}; export it with plain tensors")
    return list(dict.fromkeys(found))


def _foreign_operators(program: dict[str, Any]) -> list[str]:
    try:
        nodes = program["graph_module"]["graph"]["nodes"]
        found = []
        for number, node in enumerate(nodes):
            if not _OPERATOR.fullmatch(str(node["target"])):
                stack = str(node.get("metadata", {}).get("nn_module_stack", "")).rpartition(";")[2]
                name = stack.split(",")[1] if "," in stack else f"node {number}"
                found.append(f"{name}: {node['target']}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"its graph is not of the form that torch.export.save writes: {error!r}") from error
    return found
