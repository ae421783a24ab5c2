/* Asks TensorFlow Lite Micro what arena a model needs. Runs on an emulated core, without a board around it. */
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "interpreter.h"
#include "tensorflow/lite/micro/recording_micro_interpreter.h"

namespace {

constexpr int LOG_BYTES = 2048;
int log_used;
tflite::MicroInterpreter *interpreter;
uint8_t *start_of_arena;

}  // namespace

extern "C" {

char probe_log[LOG_BYTES];

/* 0, or what the firmware's model_init would return. */
int32_t probe_start(uint8_t *arena, uint32_t bytes)
{
    log_used = 0;
    probe_log[0] = 0;
    start_of_arena = arena;
    interpreter = make_interpreter<tflite::MicroInterpreter>(arena, bytes, nullptr);
    if (interpreter == nullptr) {
        return 1;
    }
    return interpreter->AllocateTensors() == kTfLiteOk ? 0 : 2;
}

/* Of the arena that was started, what is in use. */
uint32_t probe_used(void)
{
    return interpreter->arena_used_bytes();
}

uint32_t probe_input_offset(uint32_t index)
{
    return static_cast<uint8_t *>(interpreter->input(index)->data.data) - start_of_arena;
}

uint32_t probe_output_offset(uint32_t index)
{
    return static_cast<uint8_t *>(interpreter->output(index)->data.data) - start_of_arena;
}

/* What the recording allocator says that the model uses; 0 where it does not start. */
uint32_t probe_recorded(uint8_t *arena, uint32_t bytes)
{
    auto *recording = make_interpreter<tflite::RecordingMicroInterpreter>(arena, bytes, nullptr);
    if (recording == nullptr || recording->AllocateTensors() != kTfLiteOk) {
        return 0;
    }
    return recording->arena_used_bytes();
}

/* One inference of zeros: what is an index into a table must be one. */
int32_t probe_invoke(void)
{
    for (size_t number = 0; number < interpreter->inputs_size(); number++) {
        TfLiteTensor *const input = interpreter->input(number);
        memset(input->data.raw, 0, input->bytes);
    }
    return interpreter->Invoke();
}

void DebugLog(const char *format, va_list arguments)
{
    if (log_used < LOG_BYTES - 1) {
        const int written = vsnprintf(probe_log + log_used, LOG_BYTES - log_used, format, arguments);
        log_used += written > 0 ? written : 0;
    }
}

int DebugVsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    return vsnprintf(buffer, size, format, arguments);
}

/* There is no heap: vsnprintf does not need one for what TensorFlow Lite Micro prints. */
void *_sbrk(ptrdiff_t)
{
    return reinterpret_cast<void *>(-1);
}
}
