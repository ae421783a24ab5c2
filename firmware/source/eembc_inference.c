/* `infer N W`: W inferences to warm up, then N that are timed together. */
#include "eembc.h"

#include "board.h"
#include "cycles.h"
#include "eembc_model.h"
#include "firmware.h"
#include "model.h"
#include "platform.h"

#define DEFAULT_ITERATIONS 1
#define DEFAULT_WARMUPS 10

static int32_t init_error;
static bool has_results;

static moment_t last_moment;
static uint64_t cycles_until_last_moment;

void inference_start_clock(void)
{
    last_moment = cycles_now();
}

/* Since the clock was started; asked for moments that are never earlier than the one before. */
static uint64_t microseconds_at(moment_t moment)
{
    cycles_until_last_moment += cycles_between(last_moment, moment);
    last_moment = moment;
    const uint64_t seconds = cycles_until_last_moment / BOARD_CLOCK_HZ;
    return seconds * 1000000u + cycles_until_last_moment % BOARD_CLOCK_HZ * 1000000u / BOARD_CLOCK_HZ;
}

/* Modulo 2^32, as EEMBC's monitor prints it on a 32-bit core. */
static void print_lap(uint64_t microseconds)
{
    text_print("m-lap-us-");
    text_print_unsigned((uint32_t)microseconds);
    text_print("\r\n");
}

void inference_print_time(void)
{
    print_lap(microseconds_at(cycles_now()));
}

static void print_failure(int32_t error)
{
    text_print("e-[The model failed with error ");
    text_print(error < 0 ? "-" : "");
    text_print_unsigned(error < 0 ? 0u - (uint32_t)error : (uint32_t)error);
    text_print("]\r\n");
}

void inference_initialise_model(void)
{
    init_error = model_init();
    if (init_error != 0) {
        print_failure(init_error);
    }
}

static int32_t run(uint32_t times)
{
    int32_t error = 0;
    for (; times > 0 && error == 0; times--) {
        tensors_restore_input();
        error = model_run(NULL);
    }
    return error;
}

typedef struct {
    int32_t error;
    moment_t start;
    moment_t end;
} window_t;

/* The compiler may not move any of the model's work across the two readings of the clock. */
__attribute__((noipa)) static window_t run_timed(uint32_t times)
{
    window_t window;
    platform_trigger(true);
    barrier();
    window.start = cycles_now();
    window.error = run(times);
    barrier();
    window.end = cycles_now();
    platform_trigger(false);
    return window;
}

static void print_count(const char *head, int32_t count)
{
    text_print(head);
    text_print_unsigned((uint32_t)count);
    text_print("\r\n");
}

/* The window's two times are printed after it: in EEMBC's monitor the transmission of the first is within it. */
static int32_t infer(int32_t iterations, int32_t warmups)
{
    tensors_prepare_input();
    print_count("m-warmup-start-", warmups);
    const int32_t error = run((uint32_t)warmups);
    if (error != 0) {
        return error;
    }
    text_print("m-warmup-done\r\n");
    print_count("m-infer-start-", iterations);
    const window_t window = run_timed((uint32_t)iterations);
    print_lap(microseconds_at(window.start));
    print_lap(microseconds_at(window.end));
    if (window.error != 0) {
        return window.error;
    }
    text_print("m-infer-done\r\n");
    return 0;
}

static bool is_ready(void)
{
    if (init_error != 0) {
        print_failure(init_error);
        return false;
    }
    if (sample_loaded_bytes() != EEMBC_SAMPLE_BYTES) {
        text_print("e-[Input has ");
        text_print_unsigned(sample_loaded_bytes());
        text_print(" bytes, the model takes ");
        text_print_unsigned(EEMBC_SAMPLE_BYTES);
        text_print("]\r\n");
        return false;
    }
    return true;
}

void inference_command(char *arguments)
{
    const char *first = command_next_word(&arguments);
    const char *second = command_next_word(&arguments);
    const int32_t iterations = first == NULL ? DEFAULT_ITERATIONS : command_number(first);
    const int32_t warmups = second == NULL ? DEFAULT_WARMUPS : command_number(second);
    if (iterations <= 0) {
        text_print("e-[Inference iterations must be >0]\r\n");
        return;
    }
    if (warmups < 0) {
        text_print("e-[Inference warmup must be >=0]\r\n");
        return;
    }
    if (!is_ready()) {
        return;
    }
    const int32_t error = infer(iterations, warmups);
    has_results = error == 0;
    if (has_results) {
        tensors_print_results();
    } else {
        print_failure(error);
    }
}

void inference_results_command(void)
{
    if (has_results) {
        tensors_print_results();
    } else {
        text_print("e-[No inference has succeeded]\r\n");
    }
}
