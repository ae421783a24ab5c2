/* Operators that CMSIS-NN lacks, with the arithmetic of TFLite's reference kernels. */
#ifndef OPERATORS_H
#define OPERATORS_H

#include <stdint.h>

#include "arm_nnsupportfunctions.h"

/* Second copies that round once, see harness/deploy/cmsis_nn/library.py. */
extern __typeof__(arm_nn_mat_mult_nt_t_s8) arm_nn_mat_mult_nt_t_s8_once;
extern __typeof__(arm_nn_mat_mult_nt_t_s4) arm_nn_mat_mult_nt_t_s4_once;

/* table has an output for each input, by its bits: those of 0 to 127, then those of -128 to -1. May work in place. */
void look_up_s8(const int8_t *input, const int8_t *table, int32_t count, int8_t *output);

/* Another scale and zero point, and a clamp. May work in place where both types are of a size. */
void rescale_s8_s16(const int8_t *input, int32_t count, int32_t zero_point, int32_t multiplier, int32_t shift,
                    int32_t output_zero_point, int32_t low, int32_t high, int16_t *output);
void rescale_s16_s8(const int16_t *input, int32_t count, int32_t zero_point, int32_t multiplier, int32_t shift,
                    int32_t output_zero_point, int32_t low, int32_t high, int8_t *output);
void rescale_s16_s16(const int16_t *input, int32_t count, int32_t zero_point, int32_t multiplier, int32_t shift,
                     int32_t output_zero_point, int32_t low, int32_t high, int16_t *output);

/* To nearest, ties away from zero. */
void quantize_s8(const float *input, float scale, int32_t zero_point, int32_t count, int8_t *output);
void quantize_s16(const float *input, float scale, int32_t zero_point, int32_t count, int16_t *output);
void dequantize_s8(const int8_t *input, float scale, int32_t zero_point, int32_t count, float *output);
void dequantize_s16(const int16_t *input, float scale, int32_t zero_point, int32_t count, float *output);

/* Over the middle one of (outer, count, inner); multiplier and shift divide by the count, too. */
void mean_s8(const int8_t *input, int32_t outer, int32_t count, int32_t inner, int32_t zero_point, int32_t multiplier,
             int32_t shift, int32_t output_zero_point, int8_t *output);
void mean_s16(const int16_t *input, int32_t outer, int32_t count, int32_t inner, int32_t zero_point, int32_t multiplier,
              int32_t shift, int32_t output_zero_point, int16_t *output);

#endif
