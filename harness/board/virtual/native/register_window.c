/* Called by Unicorn for every read of a peripheral's register.
 *
 * Reads are answered in Python, but for those by which a firmware takes bytes from the console: two a byte, they are
 * most of all reads there are when a data set is streamed to the board. */
#include <stdint.h>

typedef struct {
    uint64_t status_address, data_address; /* of the UART's ISR and RDR */
    uint64_t ready_status;                 /* what ISR reads when a byte is there; 0 while the receiver is off */
    uint64_t arrival;                      /* the cycle at which the next byte is there */
    uint64_t cycles_a_byte;
    uint64_t *cycles; /* the virtual clock */
    uint64_t taken, fed;
    const uint8_t *bytes;
} receiver_t;

typedef struct {
    uint64_t (*read)(void *, uint64_t, unsigned, void *);
    uint64_t origin;
    receiver_t *receiver;
} register_window_t;

uint64_t on_register_read(void *engine, uint64_t offset, unsigned size, void *user_data)
{
    register_window_t *window = user_data;
    receiver_t *receiver = window->receiver;
    uint64_t address = window->origin + offset;
    if (receiver->taken < receiver->fed && receiver->ready_status && size == 4) {
        if (address == receiver->status_address) {
            /* A byte under way is waited for: time stands still until it is there. */
            if (*receiver->cycles < receiver->arrival)
                *receiver->cycles = receiver->arrival;
            return receiver->ready_status;
        }
        if (address == receiver->data_address && receiver->arrival <= *receiver->cycles) {
            receiver->arrival += receiver->cycles_a_byte;
            return receiver->bytes[receiver->taken++];
        }
    }
    return window->read(engine, offset, size, 0);
}
