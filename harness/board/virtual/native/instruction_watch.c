/* Called by Unicorn in front of the few instructions that concern more than registers and memory. */
#include <stdbool.h>
#include <stdint.h>

enum watch_kind { DIVIDE, SEND_EVENT, CHANGE_MASK, WRITE_SPECIAL };
enum special_register { PRIMASK = 16, BASEPRI, BASEPRI_MAX, FAULTMASK, CONTROL };
enum { IMMEDIATE = 16 }; /* as an operand: what is written is 0, or 1 in the next one */

/* As QEMU keeps them: N and V are bit 31, Z is set while `zero` is 0. */
typedef struct {
    uint32_t carry, overflow, negative, zero;
} flags_t;

typedef struct {
    const uint32_t *registers; /* R0 to R15 */
    const flags_t *flags;
    uint32_t *control, *basepri, *faultmask;
    const int32_t *exception; /* IPSR */
    uint64_t *deadline;       /* of the run: 0 ends it at the next basic block */
    int (*stop)(void *);
    uint64_t trapped; /* set in front of a division by zero */
    uint64_t event;   /* the event register */
    uint64_t waiting; /* an exception waits that a mask may hold back */
    uint64_t priority_mask;
} watch_state_t;

typedef struct {
    watch_state_t *state;
    uint64_t kind;
    uint64_t condition; /* of the IT block around it; 14: always */
    uint64_t operand;   /* number of a core register, or IMMEDIATE */
    uint64_t special;   /* that is written */
} watched_t;

static bool holds(const flags_t *flags, uint64_t condition)
{
    bool n = flags->negative >> 31, z = flags->zero == 0, c = flags->carry, v = flags->overflow >> 31;
    bool result = true;
    switch (condition >> 1) {
    case 0: result = z; break;
    case 1: result = c; break;
    case 2: result = n; break;
    case 3: result = v; break;
    case 4: result = c && !z; break;
    case 5: result = n == v; break;
    case 6: result = n == v && !z; break;
    default: return true;
    }
    return condition & 1 ? !result : result;
}

static void write_special(watch_state_t *state, uint64_t special, uint32_t value)
{
    bool privileged = *state->exception || !(*state->control & 1);
    uint32_t priority = value & (uint32_t)state->priority_mask;
    if (!privileged)
        return;
    switch (special) {
    case BASEPRI: *state->basepri = priority; break;
    case BASEPRI_MAX:
        if (priority && (priority < *state->basepri || !*state->basepri))
            *state->basepri = priority;
        break;
    case FAULTMASK: *state->faultmask = value & 1; break;
    case CONTROL: *state->control = (*state->control & ~1u) | (value & 1); break;
    default: break;
    }
}

void on_watched(void *engine, uint64_t address, uint32_t size, void *user_data)
{
    const watched_t *watched = user_data;
    watch_state_t *state = watched->state;
    uint64_t value;
    (void)address, (void)size;
    if (!holds(state->flags, watched->condition))
        return;
    switch (watched->kind) {
    case DIVIDE:
        if (state->registers[watched->operand] == 0) {
            state->trapped = 1;
            state->stop(engine);
        }
        break;
    case SEND_EVENT: state->event = 1; break;
    case WRITE_SPECIAL:
        value = watched->operand < IMMEDIATE ? state->registers[watched->operand] : watched->operand - IMMEDIATE;
        write_special(state, watched->special, (uint32_t)value);
        if (watched->special == FAULTMASK)
            *state->deadline = 0;
        /* fall through */
    case CHANGE_MASK:
        if (state->waiting)
            *state->deadline = 0;
        break;
    default: break;
    }
}
