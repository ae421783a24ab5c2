/* Code of four kinds, to time an emulator with: one round after another of the kind that KIND names, for ever.
 *
 * `rounds` counts them. Where CONSOLE is defined, the data register of a CMSDK UART, a byte is sent there every
 * ROUNDS_A_BYTE rounds. SETUP lists registers to be written first, as {address, value}. */
#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

#define INT8_LAYER 0
#define FLOAT_LAYER 1
#define BRANCHES 2
#define COPY 3

enum { INPUTS = 512, OUTPUTS = 16, NODES = 128, WORDS = 1024, ROUNDS_A_BYTE = 64 };

extern uint32_t bss_start, bss_end, stack_top;

volatile uint32_t rounds;
static volatile int32_t sink;
static const uint32_t setup[][2] = {SETUP};

#if KIND == INT8_LAYER
/* A fully connected layer in int8, two products an instruction; weights in flash. */
static int8_t input[INPUTS];
static const int8_t weights[OUTPUTS][INPUTS] = {{3, -1, 4, 1, -5, 9, 2, -6}, {5, 3, 5, -8, 9, 7, -9, 3}};

static void work(void)
{
    for (int output = 0; output < OUTPUTS; output++) {
        int32_t sum = 0;
        for (int index = 0; index < INPUTS; index += 4) {
            uint32_t some, others;
            memcpy(&some, input + index, 4);
            memcpy(&others, weights[output] + index, 4);
            sum = __smlad(__sxtb16(some), __sxtb16(others), sum);
            sum = __smlad(__sxtb16(some >> 8), __sxtb16(others >> 8), sum);
        }
        sink = sum;
        input[output] = (int8_t)sum;
    }
}

#elif KIND == FLOAT_LAYER
/* The same in float32; weights in flash. */
static float signal[INPUTS];
static const float weights[OUTPUTS][INPUTS] = {{0.5f, -0.25f, 1.5f}, {0.125f, 2.0f, -1.0f}};

static void work(void)
{
    for (int output = 0; output < OUTPUTS; output++) {
        float sum = 0.0f;
        for (int index = 0; index < INPUTS; index++)
            sum += signal[index] * weights[output][index];
        signal[output] = sum * 0.001f + 1.0f;
    }
}

#elif KIND == BRANCHES
/* Lists, a state machine over text, and a checksum bit by bit: short blocks, many branches. */
struct node {
    struct node *next;
    uint32_t key;
};
static struct node nodes[NODES];
static const char text[] = "12,-7,0x1F,+3.5e2,nan,-.5,44,1e9,0xBEEF,7,,-8,3.25,12345,x9";

static struct node *merge(struct node *one, struct node *other)
{
    struct node head, *last = &head;
    while (one && other) {
        struct node **less = one->key <= other->key ? &one : &other;
        last = last->next = *less;
        *less = (*less)->next;
    }
    last->next = one ? one : other;
    return head.next;
}

static uint32_t numbers(void)
{
    enum { BEGIN, DIGITS, FRACTION, OTHER } state = BEGIN;
    uint32_t counts[4] = {0};
    for (const char *at = text; *at; at++) {
        char c = *at;
        if (c == ',')
            state = BEGIN;
        else if (state != OTHER && c >= '0' && c <= '9')
            state = state == FRACTION ? FRACTION : DIGITS;
        else if (state <= DIGITS && c == '.')
            state = FRACTION;
        else if (state != BEGIN || (c != '-' && c != '+'))
            state = OTHER;
        counts[state]++;
    }
    return counts[DIGITS] << 16 ^ counts[FRACTION] << 8 ^ counts[OTHER];
}

static uint32_t checksum(uint32_t value, uint32_t sum)
{
    for (int bit = 0; bit < 32; bit++, value >>= 1)
        sum = (sum ^ value) & 1 ? sum >> 1 ^ 0xEDB88320u : sum >> 1;
    return sum;
}

static void work(void)
{
    uint32_t sum = numbers(), random = rounds + 1;
    struct node *sorted = 0;
    for (int index = 0; index < NODES; index++) {
        random = random * 1664525u + 1013904223u;
        nodes[index] = (struct node){0, random >> 16};
    }
    for (int index = 0; index < NODES; index += 8) {
        struct node *part = 0;
        for (int other = index; other < index + 8; other++)
            part = merge(part, &nodes[other]);
        sorted = merge(sorted, part);
    }
    for (; sorted; sorted = sorted->next)
        sum = checksum(sorted->key, sum);
    sink = (int32_t)sum;
}

#else
/* Words to and fro. */
static uint32_t here[WORDS], there[WORDS];

__attribute__((noipa)) static void copy(uint32_t *to, const uint32_t *from, int words)
{
    for (int index = 0; index < words; index += 8) {
        uint32_t a = from[0], b = from[1], c = from[2], d = from[3];
        uint32_t e = from[4], f = from[5], g = from[6], h = from[7];
        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
        to[4] = e, to[5] = f, to[6] = g, to[7] = h;
        from += 8, to += 8;
    }
}

static void work(void)
{
    copy(there, here, WORDS);
    copy(here, there, WORDS);
    sink = (int32_t)here[rounds % WORDS];
}
#endif

static void put(void)
{
#ifdef CONSOLE
    static volatile uint32_t *const uart = (volatile uint32_t *)CONSOLE;
    uart[2] = 1; /* CTRL: transmit */
    uart[0] = '.';
#endif
}

static void start(void)
{
    for (uint32_t index = 0; index < sizeof setup / sizeof *setup; index++)
        *(volatile uint32_t *)setup[index][0] = setup[index][1];
    __asm volatile("dsb\n isb" ::: "memory");
    for (uint32_t *word = &bss_start; word < &bss_end; word++)
        *word = 0;
    for (;;) {
        work();
        if (++rounds % ROUNDS_A_BYTE == 0)
            put();
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {&stack_top, start, start, start};
