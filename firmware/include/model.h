/* What every backend's generated code provides to the bench firmware.
 *
 * The code and data of a model are linked from one static library, libmodel.a, so that the linker script can tell
 * them from the firmware's own. Nothing here allocates; all memory is static. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

typedef struct {
    void *data;
    uint32_t bytes;
} model_tensor_t;

/* Called after step k has been computed, k counting up from 0 to model_step_count - 1. */
typedef void (*model_step_done_t)(uint32_t step);

extern const uint32_t model_input_count;
extern const uint32_t model_output_count;
extern const uint32_t model_step_count;
extern const uint32_t model_arena_bytes;

/* Where inputs are written before, and outputs found after, an inference. They may lie in the arena: an inference
 * consumes its inputs, and writing inputs destroys the outputs of the inference before. */
extern const model_tensor_t model_inputs[];
extern const model_tensor_t model_outputs[];

/* Once after reset. Returns 0, or a backend's own error number. */
int32_t model_init(void);

/* One inference. step_done may be null: then no step is reported. Returns 0, or a backend's own error number. */
int32_t model_run(model_step_done_t step_done);

#endif
