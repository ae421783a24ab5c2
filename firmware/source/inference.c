/* One inference, timed. */
#include <string.h>

#include "cycles.h"
#include "firmware.h"
#include "model.h"
#include "platform.h"

/* MODEL_STEPS comes from the build, which knows how many steps the backend made. */
_Static_assert(MODEL_STEPS > 0, "an inference has at least one step");
static uint64_t step_cycles[MODEL_STEPS];
static moment_t step_started;

static void step_done(uint32_t step)
{
    const moment_t now = cycles_now();
    if (step < MODEL_STEPS) {
        step_cycles[step] = cycles_between(step_started, now);
    }
    step_started = cycles_now();
}

/* The compiler may not move any of the model's work across the two readings of the clock. */
__attribute__((noipa)) static inference_t run_timed(model_step_done_t report)
{
    inference_t inference;
    platform_trigger(true);
    barrier();
    const moment_t start = cycles_now();
    step_started = start;
    inference.error = model_run(report);
    barrier();
    const moment_t end = cycles_now();
    platform_trigger(false);
    inference.cycles = cycles_between(start, end);
    return inference;
}

inference_t inference_run(void)
{
    return run_timed(0);
}

inference_t inference_run_timing_steps(void)
{
    memset(step_cycles, 0, sizeof step_cycles);
    return run_timed(step_done);
}

uint64_t inference_step_cycles(uint32_t step)
{
    return step_cycles[step];
}
