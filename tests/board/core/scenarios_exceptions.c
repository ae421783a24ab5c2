/* Priorities, masks, modes and stacks. */
#include "core_test.h"

static void pend(uint32_t bits)
{
    ISPR = bits;
    BARRIER();
}

static void enable(uint32_t priorities)
{
    IPR0 = priorities;
    ISER = 0xF;
    BARRIER();
}

static void pend_1(void) { pend(2); }

SCENARIO the_most_urgent_comes_first(void)
{
    __asm volatile("cpsid i");
    enable(0x8040C040);
    note(IPR0);
    pend(0xF);
    note(ICSR & 0x1FF000);
    note(0x1);
    __asm volatile("cpsie i\n isb");
    note(0x2);
    note(IABR | ISPR);
}

SCENARIO a_more_urgent_one_preempts(void)
{
    on_irq[0] = pend_1;
    enable(0x000040C0);
    pend(1);
    note(IABR | ISPR);
}

SCENARIO an_equal_one_waits(void)
{
    on_irq[0] = pend_1;
    enable(0x00004040);
    pend(1);
}

SCENARIO a_disabled_one_stays_pending(void)
{
    ICER = 2;
    pend(2);
    note(ISPR);
    note(ISER);
    ISER = 2;
    BARRIER();
    note(ISPR);
}

static void active_bits(void) { note(IABR); note(ICSR & 0x800); }
static void nested_bits(void) { note(IABR); note(ICSR & 0x800); pend(2); }

SCENARIO registers_tell_what_is_active(void)
{
    on_irq[0] = nested_bits;
    on_irq[1] = active_bits;
    enable(0x000040C0);
    pend(1);
}

static void call_supervisor(void) { __asm volatile("svc 7"); }

static void read_stacked_call(void)
{
    uint32_t *frame;
    __asm volatile("mrs %0, psp" : "=r"(frame));
    note(((const uint16_t *)frame[6])[-1]);
    note(frame[7] >> 24);
}

static uint32_t process_stack[64];

/* LR, and what was pushed to which stack. */
SCENARIO modes_and_stacks(void)
{
    uint32_t control, top = (uint32_t)&process_stack[64], psp;
    on_svc = read_stacked_call;
    __asm volatile("msr psp, %0" ::"r"(top));
    __asm volatile("msr control, %0\n isb" ::"r"(2));
    __asm volatile("mrs %0, control" : "=r"(control));
    note(control & 3);
    call_supervisor();
    __asm volatile("mrs %0, psp" : "=r"(psp));
    note(top - psp < 64);
    __asm volatile("msr control, %0\n isb" ::"r"(0));
}

static void make_privileged(void)
{
    __asm volatile("msr control, %0" ::"r"(0));
}

SCENARIO unprivileged_code_can_not_mask(void)
{
    uint32_t value;
    on_svc = make_privileged;
    __asm volatile("msr control, %0\n isb" ::"r"(1));
    __asm volatile("cpsid i\n mrs %0, control" : "=r"(value));
    note(value & 1);
    __asm volatile("mrs %0, primask" : "=r"(value));
    note(value);
    __asm volatile("mrs %0, ipsr" : "=r"(value));
    note(value);
    call_supervisor();
    __asm volatile("mrs %0, primask" : "=r"(value));
    note(value);
    __asm volatile("mrs %0, control" : "=r"(value));
    note(value & 1);
}

SCENARIO a_pended_supervisor_waits_for_its_turn(void)
{
    SHPR3 = 0x00F00000;
    note(SHPR3);
    ICSR = 1u << 28;
    BARRIER();
    __asm volatile("cpsid i");
    ICSR = 1u << 28;
    BARRIER();
    note(ICSR & 1u << 28);
    ICSR = 1u << 27;
    BARRIER();
    note(ICSR & 1u << 28);
    __asm volatile("cpsie i\n isb");
}

SCENARIO nmi_asks_nobody(void)
{
    __asm volatile("cpsid i");
    ICSR = 1u << 31;
    BARRIER();
    note(0x1);
    __asm volatile("cpsie i");
}

SCENARIO a_masked_call_is_a_hard_fault(void)
{
    __asm volatile("cpsid i\n ldr r0, =1f\n str r0, [%0]\n svc 7\n.balign 4\n 1: cpsie i" ::"r"(&resume_at) : "r0", "memory");
    note(0x1);
}

SCENARIO flags_survive(void)
{
    uint32_t before = 0xF80F0000, after;
    enable(0);
    __asm volatile("cpsid i\n msr " APSR_NAME ", %1\n cpsie i\n mrs %0, apsr" : "=r"(after) : "r"(before) : "cc");
    note(after);
    __asm volatile("ldr r3, =0xE000E200\n movs r2, #1\n msr " APSR_NAME ", %1\n str r2, [r3]\n dsb\n isb\n mrs %0, apsr"
                   : "=r"(after)
                   : "r"(before)
                   : "r2", "r3", "cc", "memory");
    note(after);
}

#if !V6M
static void prioritise(uint32_t group) { AIRCR = 0x05FA0000 | group << 8; }

SCENARIO a_subpriority_does_not_preempt(void)
{
    on_irq[0] = pend_1;
    prioritise(6);
    note(AIRCR & 0x700);
    enable(0x000080C0);
    pend(1);
    prioritise(0);
    pend(1);
}

SCENARIO subpriorities_order_what_waits(void)
{
    prioritise(7);
    __asm volatile("cpsid i");
    enable(0x20406080);
    pend(0xF);
    __asm volatile("cpsie i\n isb");
}

SCENARIO base_priority_masks(void)
{
    enable(0x00004080);
    __asm volatile("msr basepri, %0\n isb" ::"r"(0x80));
    pend(3);
    note(0x1);
    __asm volatile("msr basepri, %0\n isb" ::"r"(0x40));
    pend(2);
    note(0x2);
    uint32_t value;
    __asm volatile("msr basepri_max, %1\n mrs %0, basepri" : "=r"(value) : "r"(0x60));
    note(value);
    __asm volatile("msr basepri, %0\n isb" ::"r"(0));
    note(0x3);
}

static void set_fault_mask(void) { __asm volatile("cpsid f"); }

SCENARIO fault_mask_ends_with_the_handler(void)
{
    uint32_t value;
    on_irq[0] = set_fault_mask;
    enable(0x00004080);
    pend(1);
    __asm volatile("mrs %0, faultmask" : "=r"(value));
    note(value);
    __asm volatile("cpsid f");
    pend(2);
    note(0x1);
    __asm volatile("cpsie f\n isb");
    note(0x2);
}

SCENARIO software_triggers(void)
{
    enable(0);
    STIR = 1;
    BARRIER();
}

SCENARIO an_active_bit_can_be_taken_away(void)
{
    note(SHCSR);
    SHCSR = 0x70000;
    note(SHCSR);
    SHCSR = 0x70000 | 1u << 15;
    BARRIER();
    note(SHCSR);
}
#endif

#if HAS_FLOATS
static volatile float single = 3.0f;

static void use_floats(void) { single = single * 2.0f + 1.0f; }
static void look_at_floats(void)
{
    note(FPCCR & 0xC0000009);
    if (FPCCR & 1)
        note(*(volatile uint32_t *)FPCAR);
}

static void look_and_use(void) { look_at_floats(); use_floats(); look_at_floats(); }
static void pend_1_then_use(void) { pend(2); use_floats(); }

static void keep_floats(void (*action)(void))
{
    uint32_t values[4], status, control;
    on_irq[0] = action;
    enable(0x000040C0);
    /* A mark where S0 would be saved. */
    __asm volatile("vmov s0, %0\n vmov s15, %1\n vmov s16, %2" ::"r"(0x11111111), "r"(0x22222222), "r"(0x33333333)
                   : "s0", "s15", "s16");
    __asm volatile("vmsr fpscr, %0" ::"r"(0xA0C00000));
    __asm volatile("str %1, [%0]\n dsb\n isb" ::"r"(0xE000E200), "r"(1) : "memory");
    __asm volatile("vmov %0, s0\n vmov %1, s15\n vmov %2, s16\n vmrs %3, fpscr"
                   : "=r"(values[0]), "=r"(values[1]), "=r"(values[2]), "=r"(status));
    __asm volatile("mrs %0, control" : "=r"(control));
    for (int index = 0; index < 3; index++)
        note(values[index]);
    note(status);
    note(control & 4);
    note(FPCCR & 0xC0000009);
}

SCENARIO floats_survive_a_handler_that_uses_them(void) { keep_floats(use_floats); }
SCENARIO floats_are_saved_when_needed(void) { keep_floats(look_and_use); }
SCENARIO floats_survive_nesting(void) { on_irq[1] = use_floats; keep_floats(pend_1_then_use); }
SCENARIO floats_survive_nesting_alone(void) { on_irq[1] = use_floats; keep_floats(pend_1); }

SCENARIO floats_are_saved_at_once(void)
{
    FPCCR = 0x80000000;
    keep_floats(look_at_floats);
}

SCENARIO new_contexts_begin_with_defaults(void)
{
    uint32_t status;
    FPDSCR = 0x03000000;
    __asm volatile("mrs r0, control\n bic r0, #4\n msr control, r0\n isb\n vmov.f32 s0, #1.0\n vmrs %0, fpscr"
                   : "=r"(status)::"r0");
    note(status);
}
#endif
