"""The outline of a TensorFlow Lite Micro tree: enough to be found, to be told from others, and to have operators."""

from __future__ import annotations

from pathlib import Path

RESOLVER = """
  TfLiteStatus AddCustom(const char* name,
                         const TFLMRegistration* registration) {
    return kTfLiteOk;
  }
  TfLiteStatus AddAbs(const TFLMRegistration& registration = Register_ABS()) {
    return AddBuiltin(BuiltinOperator_ABS, registration, ParseAbs);
  }
  TfLiteStatus AddAssignVariable(const TFLMRegistration& registration =
                                     Register_ASSIGN_VARIABLE()) {
    return AddBuiltin(BuiltinOperator_ASSIGN_VARIABLE, registration,
                      ParseAssignVariable);
  }
  TfLiteStatus AddFullyConnected(
      const TFLMRegistration& registration = Register_FULLY_CONNECTED()) {
    return AddBuiltin(BuiltinOperator_FULLY_CONNECTED, registration,
                      ParseFullyConnected);
  }
  TfLiteStatus AddCircularBuffer() {
    return AddCustom("CIRCULAR_BUFFER", tflite::Register_CIRCULAR_BUFFER());
  }
"""
"""Methods in the ways that clang-format breaks them."""


def write_tree(root: Path, *leave_out: str) -> Path:
    """A tree as create_tflm_tree.py writes one for CMSIS-NN, with the reference kernels as well.

    Args:
        leave_out: files or folders, by their paths.
    """
    files = {
        "tensorflow/lite/micro/micro_interpreter.h": "",
        "tensorflow/lite/micro/micro_mutable_op_resolver.h": RESOLVER,
        "tensorflow/lite/micro/debug_log.cc": "",
        "tensorflow/lite/micro/micro_log_test.cc": "",
        "tensorflow/lite/micro/kernels/conv.cc": "",
        "tensorflow/lite/micro/kernels/pad.cc": "",
        "tensorflow/lite/micro/kernels/cmsis_nn/conv.cc": "",
        "tensorflow/lite/micro/kernels/xtensa/conv.cc": "",
        "tensorflow/lite/kernels/internal/common.cc": "",
        "signal/micro/kernels/rfft.cc": "",
        "third_party/flatbuffers/include/flatbuffers/flatbuffers.h": "",
        "third_party/gemmlowp/LICENSE": "",
        "third_party/ruy/LICENSE": "",
        "third_party/kissfft/kiss_fft.c": "",
        "third_party/cmsis/CMSIS/Core/Include/cmsis_gcc.h": "",
        "third_party/cmsis_nn/Include/arm_nnfunctions.h": "",
        "third_party/cmsis_nn/Source/arm_convolve_s8.c": "",
    }
    for name, text in files.items():
        if not name.startswith(leave_out or ("no file",)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root
