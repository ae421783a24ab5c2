"""A backend in a package of its own: chains of dense float32 layers as plain C loops. See docs/adding-a-backend.md."""

from importlib.metadata import version
from itertools import pairwise
from string import Template

from harness.deploy.backend import GeneratedCode, Step
from harness.model.tflite_graph import open_graph

MODEL = Template("""#include "model.h"
static void dense(const float *weights, const float *bias, const float *x, int inputs, float *y, int outputs, int relu)
{
    for (int o = 0; o < outputs; o++) {
        float sum = bias[o];
        for (int i = 0; i < inputs; i++)
            sum += *weights++ * x[i];
        y[o] = relu && sum < 0 ? 0 : sum;
    }
}
$data
const uint32_t model_input_count = 1, model_output_count = 1, model_step_count = $steps, model_arena_bytes = $arena;
const model_tensor_t model_inputs[] = {{tensor_0, sizeof tensor_0}};
const model_tensor_t model_outputs[] = {{tensor_$steps, sizeof tensor_$steps}};
int32_t model_init(void) { return 0; }
int32_t model_run(model_step_done_t step_done)
{
$calls
    return 0;
}
""")


class NaiveDenseBackend:
    name = "naive_dense"

    def versions(self):
        return {"naive-dense": version("naive-dense")}

    def load(self):
        pass

    def complaints(self, variant, target, options):
        graph, found = open_graph(variant.model), []
        for before, operator in zip((None, *graph.operators), graph.operators, strict=False):
            tensors = [graph.tensors[index] for index in (*operator.inputs, *operator.outputs) if index is not None]
            if operator.op != "FULLY_CONNECTED":
                found.append(f"layer {operator.name} ({operator.op}): the operator is not supported")
            elif any(tensor.dtype != "float32" for tensor in tensors) or tensors[1].data is None:
                found.append(f"layer {operator.name} ({operator.op}): wants float32 throughout, and constant weights")
            elif operator.options["fused_activation_function"] not in ("NONE", "RELU"):
                found.append(f"layer {operator.name} ({operator.op}): of activations there is only RELU")
            elif (operator.inputs[0],) != (before.outputs if before else graph.inputs):
                found.append(f"layer {operator.name} ({operator.op}): its input is not what the layer before it gives")
        return found

    def generate(self, variant, target, options, directory):
        graph = open_graph(variant.model)
        chain = [graph.tensors[graph.inputs[0]], *(graph.tensors[one.outputs[0]] for one in graph.operators)]
        sizes = [tensor.value().elements for tensor in chain]
        data, calls = [f"static float tensor_{k}[{size}];" for k, size in enumerate(sizes)], []
        for k, operator in enumerate(graph.operators):
            weights, bias = (
                graph.tensors[one].data if one is not None else [0] * sizes[k + 1] for one in operator.inputs[1:]
            )
            for name, values in (("weights", weights.ravel()), ("bias", bias)):
                data.append(f"static const float {name}_{k}[] = {{{', '.join(f'{one:.8e}f' for one in values)}}};")
            relu = int(operator.options["fused_activation_function"] == "RELU")
            calls.append(
                f"    dense(weights_{k}, bias_{k}, tensor_{k}, {sizes[k]}, tensor_{k + 1}, {sizes[k + 1]}, {relu});\n"
                f"    if (step_done) step_done({k});"
            )
        source, arena = directory / "model.c", 4 * sum(sizes)
        text = {"data": "\n".join(data), "calls": "\n".join(calls), "steps": len(calls), "arena": arena}
        source.write_text(MODEL.substitute(text))
        return GeneratedCode(
            sources=(source,),
            objects=(),
            include_directories=(),
            arena_bytes=arena,
            arena_lower_bound=4 * max(before + after for before, after in pairwise(sizes)),
            steps=tuple(Step("dense", (operator.name,)) for operator in graph.operators),
            inputs=(chain[0].value(),),
            outputs=(chain[-1].value(),),
        )
