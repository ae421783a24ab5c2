/* Faults: what they leave in which registers, and who handles them. */
#include "core_test.h"

#define NOWHERE 0x70000000u

static uint32_t data[64] __attribute__((aligned(256)));

SCENARIO undefined_instruction(void)
{
    __asm volatile("udf #1");
    note(0x1);
}

SCENARIO read_from_nowhere(void)
{
    uint32_t value = 0x5A;
    __asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(NOWHERE));
    note(value);
}

SCENARIO write_to_nowhere(void)
{
    __asm volatile("str %0, [%0]\n dsb" ::"r"(NOWHERE) : "memory");
    note(0x1);
}

SCENARIO unaligned_word(void)
{
    __asm volatile("ldr r0, [%0, #0]" ::"r"((uint32_t)data + 2) : "r0");
    note(0x1);
}

SCENARIO jump_to_registers(void)
{
    __asm volatile("ldr r0, =1f\n str r0, [%0]\n bx %1\n.balign 4\n 1:" ::"r"(&resume_at), "r"(0x40000001) : "r0", "memory");
    note(0x1);
}

SCENARIO jump_to_arm_state(void)
{
    __asm volatile("ldr r0, =1f\n str r0, [%0]\n adr r0, 1f\n bx r0\n.balign 4\n 1:" ::"r"(&resume_at) : "r0", "memory");
    note(0x1);
}

#if !V6M
static void call_supervisor(void) { __asm volatile("svc 7"); }
static void make_privileged(void) { __asm volatile("msr control, %0" ::"r"(0)); }
static void enable_handlers(void) { SHCSR = 0x70000; }

SCENARIO unaligned_word_with_trap(void)
{
    enable_handlers();
    CCR |= 1u << 3;
    unaligned_word();
    __asm volatile("strh r0, [%0]" ::"r"((uint32_t)data + 1));
    __asm volatile("ldrb r0, [%0]" ::"r"((uint32_t)data + 1) : "r0");
    note(0x2);
    CCR &= ~(1u << 3);
    unaligned_word();
}

SCENARIO unaligned_multiples(void)
{
    enable_handlers();
    unaligned_word();
    __asm volatile("ldrd r0, r1, [%0]" ::"r"((uint32_t)data + 2) : "r0", "r1");
    __asm volatile("strd r0, r1, [%0]" ::"r"((uint32_t)data + 1));
    __asm volatile("ldm %0, {r0, r1}" ::"r"((uint32_t)data + 3) : "r0", "r1");
    __asm volatile("ldrex r0, [%0]" ::"r"((uint32_t)data + 2) : "r0");
#if HAS_FLOATS
    __asm volatile("vldr s0, [%0]" ::"r"((uint32_t)data + 2) : "s0");
    __asm volatile("vstmia %0, {s0, s1}" ::"r"((uint32_t)data + 1));
    __asm volatile("vldr d0, [%0]" ::"r"((uint32_t)data + 4) : "d0");
#endif
    note(0x1);
}

SCENARIO division_by_zero(void)
{
    uint32_t quotient;
    __asm volatile("udiv %0, %1, %2" : "=r"(quotient) : "r"(7), "r"(0));
    note(quotient);
    CCR |= 1u << 4;
    BARRIER();
    __asm volatile("movs r0, #1\n cmp r0, #0\n itt eq\n sdiveq r0, r0, %0\n udiveq r0, r0, %0" ::"r"(0) : "r0", "cc");
    note(0x1);
    __asm volatile("sdiv %0, %1, %2" : "=r"(quotient) : "r"(7), "r"(0));
    note(0x2);
    enable_handlers();
    __asm volatile("udiv %0, %1, %2" : "=r"(quotient) : "r"(7), "r"(0));
    note(0x3);
}

SCENARIO no_coprocessor(void)
{
    enable_handlers();
    __asm volatile("mrc p7, #0, r0, c0, c0, #0" ::: "r0");
#if HAS_FLOATS
    CPACR = 0;
    BARRIER();
    __asm volatile("vmov.f32 s0, #1.0" ::: "s0");
    CPACR = 0xFu << 20;
    BARRIER();
    __asm volatile("vmov.f32 s0, #1.0" ::: "s0");
#endif
    note(0x1);
}

#if HAS_FLOATS
SCENARIO float_unit_of_privileged_code(void)
{
    enable_handlers();
    CPACR = 0x5u << 20;
    BARRIER();
    __asm volatile("vmov.f32 s0, #1.0" ::: "s0");
    note(CPACR);
}
#endif

SCENARIO each_fault_has_its_handler(void)
{
    enable_handlers();
    read_from_nowhere();
    undefined_instruction();
    jump_to_registers();
}

SCENARIO a_fault_of_too_low_priority_is_a_hard_fault(void)
{
    enable_handlers();
    REGISTER(0xE000ED18) = 0x00808080;
    __asm volatile("msr basepri, %0" ::"r"(0x40));
    undefined_instruction();
    __asm volatile("msr basepri, %0" ::"r"(0));
    undefined_instruction();
}

static void fault_within(void) { undefined_instruction(); }

SCENARIO a_fault_in_a_handler_is_nested(void)
{
    enable_handlers();
    on_svc = fault_within;
    SHPR2 = 0x80000000;
    __asm volatile("svc 0");
}

NAKED static void return_wrongly(void)
{
    __asm volatile("ldr r0, =0xFFFFFFF5\n bx r0");
}

SCENARIO a_wrong_return(void)
{
    resume_at = NOWHERE_MORE;
    on_svc = return_wrongly;
    enable_handlers();
    __asm volatile("svc 0");
}

NAKED static void return_twice(void)
{
    __asm volatile("ldr r0, =0xFFFFFFF9\n bx r0");
}

/* To thread mode, with another handler still active. */
SCENARIO a_return_past_a_handler(void)
{
    resume_at = NOWHERE_MORE;
    on_svc = return_twice;
    enable_handlers();
    on_irq[0] = call_supervisor;
    SHPR2 = 0;
    IPR0 = 0x80;
    ISER = 1;
    ISPR = 1;
    BARRIER();
}

static void look_into_nowhere(void)
{
    __asm volatile("ldr r0, [%0]" ::"r"(NOWHERE) : "r0");
    note(0x1);
}

SCENARIO bus_faults_can_be_ignored(void)
{
    CCR |= 1u << 8;
    on_nmi = look_into_nowhere;
    ICSR = 1u << 31;
    BARRIER();
    note(CFSR);
}

/* ---- memory protection */

enum { NONE = 0, PRIVILEGED_WRITE = 1, USERS_READ = 2, ALL = 3, PRIVILEGED_READ = 5, READ = 6 };

#if V8M
static void region(uint32_t number, const void *start, uint32_t bytes, uint32_t access)
{
    static const uint32_t rights[] = {0, 0, 1, 1, 0, 2, 3};
    MPU_RNR = number;
    MPU_RBAR = (uint32_t)start | rights[access] << 1;
    MPU_RLAR = ((uint32_t)start + bytes - 32) | 1;
}
#else
static void region(uint32_t number, const void *start, uint32_t bytes, uint32_t access)
{
    MPU_RNR = number;
    MPU_RBAR = (uint32_t)start;
    MPU_RASR = access << 24 | 0xB0000 | (30u - (uint32_t)__builtin_clz(bytes)) << 1 | 1;
}
#endif

static void protect(uint32_t control)
{
    MPU_CTRL = control;
    BARRIER();
}

static void access(uint32_t index)
{
    __asm volatile("ldr r0, [%0]" ::"r"(&data[index]) : "r0");
    __asm volatile("str r0, [%0]" ::"r"(&data[index]) : "memory");
    note(index);
}

SCENARIO protected_data(void)
{
    enable_handlers();
    region(0, &data[8], 32, READ);
    protect(5);
    access(7);
    access(8);
    access(15);
    access(16);
    note(MPU_CTRL);
    protect(0);
    access(8);
}

/* Users may go anywhere else. */
static void let_users_in(void)
{
#if V8M
    region(1, 0, (uint32_t)data, ALL);
    region(2, data + 64, -(uint32_t)(data + 64), ALL);
#else
    MPU_RNR = 0;
    MPU_RBAR = 0;
    MPU_RASR = ALL << 24 | 31 << 1 | 1;
#endif
}

SCENARIO data_of_the_privileged(void)
{
    enable_handlers();
    on_svc = make_privileged;
    let_users_in();
    region(3, data, 256, PRIVILEGED_WRITE);
    protect(1);
    access(0);
    __asm volatile("msr control, %0\n isb" ::"r"(1));
    access(4);
    call_supervisor();
    access(8);
}

#if !V8M
SCENARIO data_that_users_only_read(void)
{
    enable_handlers();
    on_svc = make_privileged;
    let_users_in();
    region(3, data, 256, USERS_READ);
    protect(1);
    access(0);
    __asm volatile("msr control, %0\n isb" ::"r"(1));
    access(4);
    call_supervisor();
    region(3, data, 256, PRIVILEGED_READ);
    access(8);
}
#endif

SCENARIO protection_ends_where_faults_are_handled(void)
{
    region(0, &data[8], 32, READ);
    protect(5);
    __asm volatile("cpsid f");
    __asm volatile("str r0, [%0]" ::"r"(&data[8]) : "memory");
    note(0x1);
    __asm volatile("cpsie f");
    __asm volatile("str r0, [%0]" ::"r"(&data[8]) : "memory");
    note(0x2);
}

#if !V8M
SCENARIO subregions_and_overlaps(void)
{
    enable_handlers();
    region(0, &data[0], 256, NONE);
    MPU_RASR = NONE << 24 | 0xB0000 | 0x5A << 8 | 7 << 1 | 1;
    protect(5);
    for (uint32_t index = 0; index < 64; index += 8)
        access(index);
    region(3, &data[0], 128, ALL);
    for (uint32_t index = 0; index < 64; index += 8)
        access(index);
    note(MPU_RBAR);
    note(MPU_RASR);
    note(REGISTER(0xE000ED90));
}
#endif

static uint32_t guarded_stack[64] __attribute__((aligned(256))), process_stack[64];

static void move_stack_to_nowhere(void) { __asm volatile("msr psp, %0" ::"r"(NOWHERE)); }

/* Nothing can be pushed: the call's handler never begins. */
SCENARIO stacking_on_protected_memory(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    region(0, guarded_stack, 256, READ);
    protect(5);
    __asm volatile("msr psp, %0\n msr control, %1\n isb\n svc 1" ::"r"(&guarded_stack[32]), "r"(2) : "memory");
}

static void move_stack_to_guarded(void)
{
    __asm volatile("msr psp, %0" ::"r"(&guarded_stack[32]));
}

SCENARIO unstacking_from_protected_memory(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    on_svc = move_stack_to_guarded;
    region(0, guarded_stack, 256, NONE);
    protect(5);
    __asm volatile("msr psp, %0\n msr control, %1\n isb\n svc 1" ::"r"(&process_stack[64]), "r"(2) : "memory");
}

SCENARIO unstacking_from_nowhere(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    on_svc = move_stack_to_nowhere;
    __asm volatile("msr psp, %0\n msr control, %1\n isb\n svc 1" ::"r"(&process_stack[64]), "r"(2) : "memory");
}

SCENARIO stacking_nowhere(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    __asm volatile("msr psp, %0\n msr control, %1\n isb\n svc 1" ::"r"(NOWHERE), "r"(2) : "memory");
}

SCENARIO code_in_data_can_be_forbidden(void)
{
    static uint16_t code[16] __attribute__((aligned(32))) = {0x4770};
    ((void (*)(void))((uint32_t)code | 1))();
    note(0x1);
    region(0, code, 32, ALL);
#if V8M
    MPU_RBAR |= 1;
#else
    MPU_RASR |= 1u << 28;
#endif
    protect(5);
    __asm volatile("ldr r0, =1f\n str r0, [%0]\n bx %1\n.balign 4\n 1:" ::"r"(&resume_at), "r"((uint32_t)code | 1)
                   : "r0", "memory");
    note(0x2);
}
#endif

#if V8M
static uint32_t limited_stack[32];

SCENARIO a_stack_has_a_limit(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    __asm volatile("msr psplim, %0\n msr psp, %1\n msr control, %2\n isb\n push {r0, r1}" ::"r"(limited_stack),
                   "r"(&limited_stack[8]), "r"(2));
    __asm volatile("sub sp, #16\n mov r0, sp\n push {r0, r1, r2}");
}

SCENARIO an_exception_respects_the_limit(void)
{
    resume_at = NOWHERE_MORE;
    enable_handlers();
    __asm volatile("msr psplim, %0\n msr psp, %1\n msr control, %2\n isb\n svc 1" ::"r"(limited_stack),
                   "r"(&limited_stack[4]), "r"(2));
}
#endif
