/* Between EEMBC's samples and results, and the model's tensors. eembc_model.h says how each stores its elements. */
#include "eembc.h"

#include <math.h>
#include <string.h>

#include "eembc_model.h"
#include "firmware.h"
#include "model.h"

#if !EEMBC_SAMPLE_IS_STORED || EEMBC_RESULT_IS_ERROR
static float real_element(uint32_t index)
{
    eembc_sample_t element;
    memcpy(&element, sample_bytes() + index * sizeof element, sizeof element);
    return (float)element * EEMBC_SAMPLE_SCALE;
}
#endif

#if EEMBC_SAMPLE_IS_STORED
void tensors_prepare_input(void)
{
}

static const uint8_t *prepared_input(void)
{
    return sample_bytes();
}
#else
static eembc_input_t input[EEMBC_INPUT_ELEMENTS] __attribute__((aligned(16)));

#if EEMBC_INPUT_IS_REAL
static eembc_input_t store(float real)
{
    return real;
}
#else
/* As TFLite does: halves away from zero, saturated. What is not a number becomes the lowest. */
static eembc_input_t store(float real)
{
    const float steps = roundf(real / EEMBC_INPUT_SCALE) + EEMBC_INPUT_ZERO_POINT;
    if (!(steps > EEMBC_INPUT_LOWEST)) {
        return (eembc_input_t)EEMBC_INPUT_LOWEST;
    }
    return (eembc_input_t)(steps < EEMBC_INPUT_HIGHEST ? steps : EEMBC_INPUT_HIGHEST);
}
#endif

void tensors_prepare_input(void)
{
    for (uint32_t i = 0; i < EEMBC_INPUT_ELEMENTS; i++) {
        input[i] = store(real_element(i));
    }
}

static const uint8_t *prepared_input(void)
{
    return (const uint8_t *)input;
}
#endif

typedef struct {
    uint32_t words[8];
} block_t;

/* Within the timed window, where the C library's memcpy, built for size, would take eight times as long. */
static void copy(void *to, const void *from, uint32_t size)
{
    block_t *target = to;
    const block_t *source = from;
    const bool is_aligned = ((uintptr_t)to | (uintptr_t)from) % sizeof(uint32_t) == 0;
    for (uint32_t left = is_aligned ? size / sizeof(block_t) : 0; left > 0; left--) {
        *target++ = *source++;
    }
    memcpy(target, source, size - (uint32_t)((uintptr_t)target - (uintptr_t)to));
}

void tensors_restore_input(void)
{
    const uint8_t *from = prepared_input();
    for (uint32_t i = 0; i < model_input_count; i++) {
        copy(model_inputs[i].data, from, model_inputs[i].bytes);
        from += model_inputs[i].bytes;
    }
}

static float output_element(uint32_t index)
{
    eembc_output_t element;
    tensors_read_outputs(index * sizeof element, (uint8_t *)&element, sizeof element);
    return ((float)element - EEMBC_OUTPUT_ZERO_POINT) * EEMBC_OUTPUT_SCALE;
}

#if EEMBC_RESULT_IS_ERROR
/* The mean of the squared differences between what an autoencoder was given and what it made of it. */
void tensors_print_results(void)
{
    float sum = 0;
    for (uint32_t i = 0; i < EEMBC_OUTPUT_ELEMENTS; i++) {
        const float difference = output_element(i) - real_element(i);
        sum += difference * difference;
    }
    text_print("m-results-[");
    text_print_real(sum / (float)EEMBC_OUTPUT_ELEMENTS);
    text_print("]\r\n");
}
#else
void tensors_print_results(void)
{
    text_print("m-results-[");
    for (uint32_t i = 0; i < EEMBC_OUTPUT_ELEMENTS; i++) {
        text_print(i == 0 ? "" : ",");
        text_print_real(output_element(i));
    }
    text_print("]\r\n");
}
#endif
