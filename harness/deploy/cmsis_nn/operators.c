/* Operators that CMSIS-NN lacks. */
#include "operators.h"

void look_up_s8(const int8_t *input, const int8_t *table, int32_t count, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = table[(uint8_t)input[i]];
    }
}

#define RESCALE(name, source, target)                                                                            \
    void name(const source *input, int32_t count, int32_t zero_point, int32_t multiplier, int32_t shift,         \
              int32_t output_zero_point, int32_t low, int32_t high, target *output)                              \
    {                                                                                                            \
        for (int32_t i = 0; i < count; i++) {                                                                    \
            const int32_t value = arm_nn_requantize(input[i] - zero_point, multiplier, shift);                   \
            output[i] = (target)CLAMP(value + output_zero_point, high, low);                                     \
        }                                                                                                        \
    }

RESCALE(rescale_s8_s16, int8_t, int16_t)
RESCALE(rescale_s16_s8, int16_t, int8_t)
RESCALE(rescale_s16_s16, int16_t, int16_t)

/* What lies beyond twice the range saturates all the same, and fits into an int32. */
#define QUANTIZE(name, type, low, high)                                                                          \
    void name(const float *input, float scale, int32_t zero_point, int32_t count, type *output)                  \
    {                                                                                                            \
        for (int32_t i = 0; i < count; i++) {                                                                    \
            const float real = CLAMP(input[i] / scale, 4.0f * (high), 4.0f * (low));                             \
            const int32_t rounded = (int32_t)(real + (real < 0.0f ? -0.5f : 0.5f));                              \
            output[i] = (type)CLAMP(rounded + zero_point, high, low);                                            \
        }                                                                                                        \
    }

QUANTIZE(quantize_s8, int8_t, -128, 127)
QUANTIZE(quantize_s16, int16_t, -32768, 32767)

#define DEQUANTIZE(name, type)                                                                                   \
    void name(const type *input, float scale, int32_t zero_point, int32_t count, float *output)                  \
    {                                                                                                            \
        for (int32_t i = 0; i < count; i++) {                                                                    \
            output[i] = scale * (float)(input[i] - zero_point);                                                  \
        }                                                                                                        \
    }

DEQUANTIZE(dequantize_s8, int8_t)
DEQUANTIZE(dequantize_s16, int16_t)

#define MEAN(name, type, low, high)                                                                              \
    void name(const type *input, int32_t outer, int32_t count, int32_t inner, int32_t zero_point,                \
              int32_t multiplier, int32_t shift, int32_t output_zero_point, type *output)                        \
    {                                                                                                            \
        for (int32_t o = 0; o < outer; o++, input += count * inner) {                                            \
            for (int32_t i = 0; i < inner; i++) {                                                                \
                int32_t sum = -count * zero_point;                                                               \
                for (int32_t k = 0; k < count; k++) {                                                            \
                    sum += input[k * inner + i];                                                                 \
                }                                                                                                \
                const int32_t mean = arm_nn_requantize(sum, multiplier, shift) + output_zero_point;              \
                *output++ = (type)CLAMP(mean, high, low);                                                        \
            }                                                                                                    \
        }                                                                                                        \
    }

MEAN(mean_s8, int8_t, -128, 127)
MEAN(mean_s16, int16_t, -32768, 32767)
