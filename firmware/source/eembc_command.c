/* Commands from the host, each ended by a percent sign. */
#include "eembc.h"

#include "platform.h"

#define TERMINATOR '%'
/* As EEMBC's own monitor: its runner sends at most 31 bytes in a `db`, which make 65 characters. */
#define MOST_CHARACTERS 80u
#define MOST_DIGITS 9u

static char buffer[MOST_CHARACTERS + 1u];

static bool is_printable(char character)
{
    return character >= ' ' && character <= '~';
}

/* What can't be printed is left out: people end lines, and a line that comes up carries noise. */
char *command_receive(void)
{
    size_t size = 0;
    bool fits = true;
    for (;;) {
        const char character = (char)platform_console_read();
        if (character == TERMINATOR) {
            buffer[size] = '\0';
            return fits ? buffer : NULL;
        }
        if (!is_printable(character)) {
            continue;
        }
        if (size < MOST_CHARACTERS) {
            buffer[size++] = character;
        } else {
            fits = false;
        }
    }
}

char *command_next_word(char **rest)
{
    char *word = *rest;
    while (*word == ' ') {
        word++;
    }
    char *end = word;
    while (*end != ' ' && *end != '\0') {
        end++;
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return *word == '\0' ? NULL : word;
}

int32_t command_number(const char *word)
{
    int32_t number = 0;
    uint32_t digits = 0;
    for (; *word >= '0' && *word <= '9' && digits < MOST_DIGITS; word++, digits++) {
        number = number * 10 + (*word - '0');
    }
    return digits > 0 && *word == '\0' ? number : -1;
}
