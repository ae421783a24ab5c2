/* Operators that CMSIS-NN lacks. */
#include "operators.h"

void look_up_s8(const int8_t *input, const int8_t *table, int32_t count, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = table[(uint8_t)input[i]];
    }
}

void quantize_s8(const float *input, float scale, int32_t zero_point, int32_t count, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        /* What lies beyond saturates all the same, and fits into an int32. */
        const float real = CLAMP(input[i] / scale, 512.0f, -512.0f);
        const int32_t rounded = (int32_t)(real + (real < 0.0f ? -0.5f : 0.5f));
        output[i] = (int8_t)CLAMP(rounded + zero_point, 127, -128);
    }
}

void dequantize_s8(const int8_t *input, float scale, int32_t zero_point, int32_t count, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = scale * (float)(input[i] - zero_point);
    }
}

void mean_s8(const int8_t *input, int32_t outer, int32_t count, int32_t inner, int32_t zero_point, int32_t multiplier,
             int32_t shift, int32_t output_zero_point, int8_t *output)
{
    for (int32_t o = 0; o < outer; o++, input += count * inner) {
        for (int32_t i = 0; i < inner; i++) {
            int32_t sum = -count * zero_point;
            for (int32_t k = 0; k < count; k++) {
                sum += input[k * inner + i];
            }
            const int32_t mean = arm_nn_requantize(sum, multiplier, shift) + output_zero_point;
            *output++ = (int8_t)CLAMP(mean, 127, -128);
        }
    }
}
