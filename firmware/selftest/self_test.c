/* A "model" that tests the board it runs on, in place of a neural network: harness/bench/self_test.py gives it its inputs
 * and judges its outputs. */
#include <stddef.h>

#include "model.h"

enum { RANGES = 32, ECHO_BYTES = 512 };

typedef struct {
    uint32_t address, size;
} range_t;

static range_t memories[RANGES]; /* RAM to be tested, word by word */
static range_t programmed;       /* flash to be added up */
static uint8_t heard[ECHO_BYTES];
static uint32_t failures[RANGES]; /* the first address of each range that does not hold what is written; else 1 */
static uint32_t checksum;
static uint8_t said[ECHO_BYTES];

const uint32_t model_input_count = 3;
const uint32_t model_output_count = 3;
const uint32_t model_step_count = 3;
const uint32_t model_arena_bytes = 0;
const model_tensor_t model_inputs[] = {{memories, sizeof memories}, {&programmed, sizeof programmed}, {heard, sizeof heard}};
const model_tensor_t model_outputs[] = {{failures, sizeof failures}, {&checksum, sizeof checksum}, {said, sizeof said}};

/* What the word held is put back at once: it may be on the stack that this runs on. */
static uint32_t holds(volatile uint32_t *word, uint32_t pattern)
{
    const uint32_t kept = *word;
    *word = pattern;
    const uint32_t found = *word;
    *word = kept;
    return found == pattern;
}

static uint32_t first_failure(range_t range)
{
    for (uint32_t address = range.address; address - range.address < range.size; address += 4) {
        volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)address;
        if (!holds(word, address) || !holds(word, ~address)) {
            return address;
        }
    }
    return 1;
}

/* Fletcher's, modulo 2^32. */
static uint32_t add_up(range_t range)
{
    uint32_t sum = 0, sums = 0;
    const uint8_t *bytes = (const uint8_t *)(uintptr_t)range.address;
    for (uint32_t i = 0; i < range.size; i++) {
        sum += bytes[i];
        sums += sum;
    }
    return sums;
}

static void done(model_step_done_t step_done, uint32_t step)
{
    if (step_done != NULL) {
        step_done(step);
    }
}

int32_t model_init(void)
{
    return 0;
}

int32_t model_run(model_step_done_t step_done)
{
    for (uint32_t i = 0; i < RANGES; i++) {
        failures[i] = first_failure(memories[i]);
    }
    done(step_done, 0);
    checksum = add_up(programmed);
    done(step_done, 1);
    for (uint32_t i = 0; i < ECHO_BYTES; i++) {
        said[i] = (uint8_t)~heard[i];
    }
    done(step_done, 2);
    return 0;
}
