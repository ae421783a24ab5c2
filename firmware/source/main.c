/* The bench loop: one request after another, for ever. */
#include "cycles.h"
#include "firmware.h"
#include "platform.h"

_Noreturn void bench_loop(void)
{
    platform_init();
    cycles_start_counters();
    requests_start();
    for (;;) {
        const frame_t request = frame_receive();
        requests_answer(&request);
    }
}
