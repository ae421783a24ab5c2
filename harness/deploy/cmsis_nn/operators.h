/* Operators that CMSIS-NN lacks, with the arithmetic of TFLite's reference kernels. */
#ifndef OPERATORS_H
#define OPERATORS_H

#include <stdint.h>

#include "arm_nnsupportfunctions.h"

/* A second copy that rounds once, see harness/deploy/cmsis_nn/library.py. */
extern __typeof__(arm_nn_mat_mult_nt_t_s8) arm_nn_mat_mult_nt_t_s8_once;

/* table has an output for each input, by its bits: those of 0 to 127, then those of -128 to -1. May work in place. */
void look_up_s8(const int8_t *input, const int8_t *table, int32_t count, int8_t *output);

/* To nearest, ties away from zero. */
void quantize_s8(const float *input, float scale, int32_t zero_point, int32_t count, int8_t *output);
void dequantize_s8(const int8_t *input, float scale, int32_t zero_point, int32_t count, float *output);

/* Over the middle one of (outer, count, inner); multiplier and shift divide by the count, too. */
void mean_s8(const int8_t *input, int32_t outer, int32_t count, int32_t inner, int32_t zero_point, int32_t multiplier,
             int32_t shift, int32_t output_zero_point, int8_t *output);

#endif
