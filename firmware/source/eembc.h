/* What the parts of the firmware that speak EEMBC's serial protocol offer each other; see EEMBC.md. */
#ifndef EEMBC_H
#define EEMBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- eembc_text.c: what the console shows ---- */
void text_print(const char *text);
void text_print_unsigned(uint64_t value);
/* In hexadecimal, `digits` of them, at most 8. */
void text_print_hex(uint32_t value, uint32_t digits);
/* With six decimals. */
void text_print_real(float value);

/* ---- eembc_command.c ---- */
/* Waits for a command; null when it is too long. What it holds is printable, and stays until the next call. */
char *command_receive(void);
/* The next word of a command, or null; takes it off `*rest`. */
char *command_next_word(char **rest);
/* A word as a decimal number of at most 9 digits; -1 where it is none. */
int32_t command_number(const char *word);

/* ---- eembc_sample.c: the sample that `db` loads ---- */
void sample_command(char *arguments);
uint32_t sample_loaded_bytes(void);
const uint8_t *sample_bytes(void);

/* ---- eembc_tensors.c: from a sample to the model's input, and from its output to results ---- */
void tensors_prepare_input(void);
/* An inference consumes the model's input: this writes it anew. */
void tensors_restore_input(void);
void tensors_print_results(void);

/* ---- eembc_inference.c ---- */
void inference_start_clock(void);
void inference_print_time(void);
void inference_initialise_model(void);
void inference_command(char *arguments);
void inference_results_command(void);

#endif
