/* The self-test of a board whose family has no bench firmware: the core's own registers only, nothing of the maker's.
 * Instructions of Armv6-M, which every Cortex-M has. Built with RAM and STACK, by harness/bench/bare_test.py. */
    .syntax unified
    .thumb

    .word STACK
    .word start + 1

start:
    ldr r0, =RAM
    ldr r1, =0xE000E010 /* SysTick: SYST_CSR, SYST_RVR, SYST_CVR */
    ldr r2, =0x00FFFFFF
    str r2, [r1, #4]
    movs r3, #0
    str r3, [r1, #8]
    movs r3, #5 /* enabled, on the core's clock */
    str r3, [r1]
    ldr r5, =1000
    ldr r4, [r1, #8]
again:
    subs r5, #1
    bne again
    ldr r6, [r1, #8]
    subs r4, r4, r6
    str r4, [r0] /* cycles of 1000 rounds of two instructions */
    ldr r7, =0x600D600D
    str r7, [r0, #4]
done:
    b done

    .ltorg
