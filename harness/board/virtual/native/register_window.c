/* Called by Unicorn for every read of a peripheral's register.
 *
 * Reads are answered in Python, but for those by which a firmware takes bytes from the console: two a byte, they are
 * most of all reads there are when a data set is streamed to the board. */
#include <stdbool.h>
#include <stdint.h>

enum { TIGHT_LOOP_CYCLES = 256 }; /* as in serial_line.py */

typedef struct {
    uint64_t status_address, data_address; /* of the UART's registers */
    uint64_t idle_status, ready_status; /* what the first reads without and with a byte; the latter 0: ask Python */
    uint64_t arrival;                   /* the cycle at which the next byte is there */
    uint64_t line_free;                 /* the cycle at which the last byte was */
    uint64_t cycles_a_byte;
    uint64_t last_look;
    uint64_t *cycles;        /* the virtual clock */
    const uint64_t *horizon; /* the cycle of the next alarm */
    uint64_t taken, fed;
    const uint8_t *bytes;
} receiver_t;

typedef struct {
    uint64_t (*read)(void *, uint64_t, unsigned, void *);
    uint64_t origin;
    receiver_t *receiver;
} register_window_t;

/* More than one byte has arrived: whether one is lost is decided in Python. */
static bool may_be_overrun(const receiver_t *receiver)
{
    return receiver->taken + 1 < receiver->fed && receiver->arrival + receiver->cycles_a_byte <= *receiver->cycles;
}

static bool answer_status(receiver_t *receiver, uint64_t *answer)
{
    uint64_t now = *receiver->cycles;
    if (receiver->arrival > now) {
        if (now - receiver->last_look > TIGHT_LOOP_CYCLES) {
            receiver->last_look = now;
            *answer = receiver->idle_status;
            return true;
        }
        /* A loop that waits: time passes up to the byte, unless something else happens before. */
        if (receiver->arrival > *receiver->horizon)
            return false;
        *receiver->cycles = receiver->arrival;
    } else if (may_be_overrun(receiver)) {
        return false;
    }
    receiver->last_look = *receiver->cycles;
    *answer = receiver->ready_status;
    return true;
}

static bool answer_data(receiver_t *receiver, uint64_t *answer)
{
    if (receiver->arrival > *receiver->cycles || may_be_overrun(receiver))
        return false;
    receiver->line_free = receiver->arrival;
    receiver->arrival += receiver->cycles_a_byte;
    *answer = receiver->bytes[receiver->taken++];
    return true;
}

uint64_t on_register_read(void *engine, uint64_t offset, unsigned size, void *user_data)
{
    register_window_t *window = user_data;
    receiver_t *receiver = window->receiver;
    uint64_t address = window->origin + offset, answer;
    if (receiver->taken < receiver->fed && receiver->ready_status) {
        if (address == receiver->status_address && answer_status(receiver, &answer))
            return answer & (UINT64_MAX >> (64 - 8 * size));
        if (address == receiver->data_address && answer_data(receiver, &answer))
            return answer;
    }
    return window->read(engine, offset, size, 0);
}
