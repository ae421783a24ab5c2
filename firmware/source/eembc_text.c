/* Text on the console. printf would bring a heap along, and on some targets no real numbers. */
#include "eembc.h"

#include <math.h>
#include <string.h>

#include "platform.h"

#define DECIMALS 6u
#define DECIMAL_UNIT 1000000u
/* What is larger has no whole part of 64 bits. */
#define LARGEST_REAL 1e18f

void text_print(const char *text)
{
    platform_console_write((const uint8_t *)text, strlen(text));
}

/* At least `width` digits, with zeros in front. */
static void print_digits(uint64_t value, uint32_t width)
{
    char digits[20]; /* of 2^64 - 1 */
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value > 0);
    while (sizeof digits - first < width) {
        digits[--first] = '0';
    }
    platform_console_write((const uint8_t *)digits + first, sizeof digits - first);
}

void text_print_unsigned(uint64_t value)
{
    print_digits(value, 1);
}

void text_print_hex(uint32_t value, uint32_t digits)
{
    char text[8];
    for (uint32_t i = digits; i-- > 0;) {
        text[i] = "0123456789abcdef"[value & 15u];
        value >>= 4;
    }
    platform_console_write((const uint8_t *)text, digits);
}

void text_print_real(float value)
{
    if (isnan(value)) {
        text_print("nan");
        return;
    }
    if (value < 0) {
        text_print("-");
        value = -value;
    }
    if (value > LARGEST_REAL) {
        text_print("inf");
        return;
    }
    uint64_t whole = (uint64_t)value;
    /* The difference is exact: both are floats, and less than a factor of two apart or the second is 0. */
    uint32_t decimals = (uint32_t)((value - (float)whole) * (float)DECIMAL_UNIT + 0.5f);
    if (decimals >= DECIMAL_UNIT) {
        decimals -= DECIMAL_UNIT;
        whole++;
    }
    text_print_unsigned(whole);
    text_print(".");
    print_digits(decimals, DECIMALS);
}
