/* The sample that `db load N` announces and `db HEX` fills in. */
#include "eembc.h"

#include <string.h>

#include "eembc_model.h"

#define BYTES_A_LINE 8u

/* Aligned, as its elements may be floats. */
static uint8_t sample[EEMBC_SAMPLE_BYTES] __attribute__((aligned(16)));
static uint32_t announced;
static uint32_t loaded;

uint32_t sample_loaded_bytes(void)
{
    return loaded;
}

const uint8_t *sample_bytes(void)
{
    return sample;
}

static void announce(const char *word)
{
    if (word == NULL) {
        text_print("e-[Command 'db load' requires the # of bytes]\r\n");
        return;
    }
    const int32_t size = command_number(word);
    if (size <= 0 || (uint32_t)size > sizeof sample) {
        text_print("e-[Command 'db load' takes 1 to ");
        text_print_unsigned(sizeof sample);
        text_print(" bytes]\r\n");
        return;
    }
    announced = (uint32_t)size;
    loaded = 0;
    text_print("m-[Expecting ");
    text_print_unsigned(announced);
    text_print(" bytes]\r\n");
}

/* -1 for what is no hexadecimal digit. */
static int32_t value_of_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* All of the digits, or none of them. */
static bool check_digits(const char *digits)
{
    if (strlen(digits) % 2u != 0) {
        text_print("e-[Insufficient number of hex digits]\r\n");
        return false;
    }
    for (; *digits != '\0'; digits++) {
        if (value_of_digit(*digits) < 0) {
            text_print("e-[Invalid hex digit in '");
            text_print(digits);
            text_print("']\r\n");
            return false;
        }
    }
    return true;
}

/* Digits beyond the announced size are ignored, as EEMBC's monitor does; a command that has only such is an error. */
static void fill(const char *digits)
{
    if (!check_digits(digits)) {
        return;
    }
    if (loaded >= announced) {
        text_print("e-[More bytes than 'db load' announced]\r\n");
        return;
    }
    for (; *digits != '\0' && loaded < announced; digits += 2) {
        sample[loaded++] = (uint8_t)(value_of_digit(digits[0]) * 16 + value_of_digit(digits[1]));
    }
    if (loaded == announced) {
        text_print("m-load-done\r\n");
    }
}

static void print_sample(void)
{
    for (uint32_t i = 0; i < loaded; i++) {
        text_print(i % BYTES_A_LINE == 0 ? "m-buffer-" : "-");
        text_print_hex(sample[i], 2);
        if ((i + 1u) % BYTES_A_LINE == 0 || i + 1u == loaded) {
            text_print("\r\n");
        }
    }
}

void sample_command(char *arguments)
{
    const char *word = command_next_word(&arguments);
    if (word == NULL) {
        text_print("e-[Command 'db' requires a subcommand]\r\n");
    } else if (strcmp(word, "load") == 0) {
        announce(command_next_word(&arguments));
    } else if (strcmp(word, "print") == 0) {
        print_sample();
    } else {
        fill(word);
    }
}
