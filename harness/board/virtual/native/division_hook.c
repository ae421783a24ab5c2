/* Called by Unicorn in front of a division that CCR.DIV_0_TRP watches: stops where the divisor is zero. */
#include <stdint.h>

typedef struct {
    int (*read_register)(void *, int, void *);
    int (*stop)(void *);
    uint64_t divisor; /* Unicorn's number of the register */
    uint64_t *trapped;
} division_t;

void on_division(void *engine, uint64_t address, uint32_t size, void *user_data)
{
    division_t *division = user_data;
    uint32_t value = 1;
    (void)address, (void)size;
    if (division->read_register(engine, (int)division->divisor, &value) == 0 && value == 0) {
        *division->trapped = 1;
        division->stop(engine);
    }
}
