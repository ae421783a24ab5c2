/* firmware/include/model.h, by TensorFlow Lite Micro's interpreter. */
#include <cstdarg>
#include <cstddef>

extern "C" {
#include "model.h"
}

#include "interpreter.h"

namespace {

/* Tells of each operator of the main graph; those that an operator runs in a graph of its own are part of it. */
class StepReporter final : public tflite::MicroProfilerInterface {
public:
    void start(model_step_done_t step_done)
    {
        step_done_ = step_done;
        step_ = 0;
        depth_ = 0;
    }

    uint32_t BeginEvent(const char *) override
    {
        return depth_++;
    }

    void EndEvent(uint32_t) override
    {
        if (--depth_ == 0 && step_done_ != nullptr) {
            step_done_(step_++);
        }
    }

private:
    model_step_done_t step_done_;
    uint32_t step_;
    uint32_t depth_;

    TF_LITE_REMOVE_VIRTUAL_DELETE
};

alignas(16) uint8_t arena[MODEL_ARENA_BYTES];
alignas(StepReporter) unsigned char reporter_memory[sizeof(StepReporter)];
StepReporter *reporter;
tflite::MicroInterpreter *interpreter;

enum : int32_t { RESOLVER_FAILED = 1, ARENA_TOO_SMALL = 2, TENSOR_ELSEWHERE = 3 };

}  // namespace

extern "C" {

const uint32_t model_input_count = MODEL_INPUT_COUNT;
const uint32_t model_output_count = MODEL_OUTPUT_COUNT;
const uint32_t model_step_count = MODEL_STEP_COUNT;
const uint32_t model_arena_bytes = MODEL_ARENA_BYTES;
const model_tensor_t model_inputs[] = {MODEL_INPUTS(arena)};
const model_tensor_t model_outputs[] = {MODEL_OUTPUTS(arena)};

int32_t model_init(void)
{
    reporter = new (reporter_memory) StepReporter;
    interpreter = make_interpreter<tflite::MicroInterpreter>(arena, sizeof arena, reporter);
    if (interpreter == nullptr) {
        return RESOLVER_FAILED;
    }
    reporter->start(nullptr);
    if (interpreter->AllocateTensors() != kTfLiteOk) {
        return ARENA_TOO_SMALL;
    }
    for (uint32_t i = 0; i < model_input_count; i++) {
        if (interpreter->input(i)->data.data != model_inputs[i].data) {
            return TENSOR_ELSEWHERE;
        }
    }
    for (uint32_t i = 0; i < model_output_count; i++) {
        if (interpreter->output(i)->data.data != model_outputs[i].data) {
            return TENSOR_ELSEWHERE;
        }
    }
    return 0;
}

int32_t model_run(model_step_done_t step_done)
{
    reporter->start(step_done);
    return interpreter->Invoke();
}

/* There is nobody to read messages. */
void DebugLog(const char *, va_list)
{
}

int DebugVsnprintf(char *, size_t, const char *, va_list)
{
    return 0;
}
}
