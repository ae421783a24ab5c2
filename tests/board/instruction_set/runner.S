/* Runs the cases of an image, one after another, and writes what each leaves behind to a file of the debugger's host.
 *
 * A case is a piece of code and the registers it begins with; it ends with a branch to case_end. R12 points to its
 * record, and R11 is ours; code uses neither. Built for Armv6-M, too, whose low registers must do the work.
 * Definitions from the command line: CASES (a file), BUFFER_RECORDS, HAS_FLOATS. */
    .syntax unified
    .thumb

    .equ DATA_BYTES, 256
    .equ TARGET, 0
    .equ REGISTERS, 4 /* R0 to R10, LR, flags, FPSCR */
    .equ LR_IN, REGISTERS + 44
    .equ FLAGS_IN, REGISTERS + 48
    .equ FPSCR_IN, REGISTERS + 52
    .equ FLOATS_IN, REGISTERS + 56
#if HAS_FLOATS
    .equ INPUT_BYTES, FLOATS_IN + 128
    .equ RECORD_BYTES, 64 + 128 + DATA_BYTES
#else
    .equ INPUT_BYTES, FLOATS_IN
    .equ RECORD_BYTES, 64 + DATA_BYTES
#endif

    .section .vectors, "a"
    .word stack_top
    .word start
    .rept 14
    .word fault
    .endr

    .text
    .thumb_func
start:
#if HAS_FLOATS
    ldr r0, =0xE000ED88
    ldr r1, =0x00F00000
    str r1, [r0]
    dsb
    isb
#endif
    movs r0, #1 /* SYS_OPEN */
    ldr r1, =open_arguments
    bkpt 0xAB
    ldr r1, =write_arguments
    str r0, [r1]
    ldr r0, =case_count
    ldr r0, [r0]
    ldr r1, =remaining
    str r0, [r1]
    ldr r0, =first_case
    ldr r1, =input
    str r0, [r1]
    ldr r0, =records
    ldr r1, =output
    str r0, [r1]
    b next_case
    .pool

    .thumb_func
next_case:
    /* A fresh copy of the data. */
    ldr r0, =template
    ldr r1, =data
    movs r2, #(DATA_BYTES / 16)
1:  ldmia r0!, {r4-r7}
    stmia r1!, {r4-r7}
    subs r2, #1
    bne 1b
#if HAS_FLOATS
    clrex
#endif
    ldr r0, =output
    ldr r0, [r0]
    mov r12, r0
    ldr r0, =input
    ldr r1, [r0]
    movs r2, r1
    adds r2, #INPUT_BYTES
    str r2, [r0]
    /* The address of the case's code goes where POP takes it from. */
    ldr r0, =(data + DATA_BYTES / 2 - 4)
    ldr r2, [r1, #TARGET]
    str r2, [r0]
    mov sp, r0
#if HAS_FLOATS
    movs r2, r1
    adds r2, #FLOATS_IN
    vldmia r2, {s0-s31}
    ldr r2, [r1, #FPSCR_IN]
    vmsr fpscr, r2
#endif
    ldr r2, [r1, #(REGISTERS + 32)]
    mov r8, r2
    ldr r2, [r1, #(REGISTERS + 36)]
    mov r9, r2
    ldr r2, [r1, #(REGISTERS + 40)]
    mov r10, r2
    ldr r2, [r1, #LR_IN]
    mov lr, r2
    ldr r2, [r1, #FLAGS_IN]
    movs r0, r1
    adds r0, #REGISTERS
#if HAS_FLOATS
    msr apsr_nzcvqg, r2
#else
    msr apsr_nzcvq, r2
#endif
    ldm r0, {r0-r7}
    pop {pc}
    .pool

    .thumb_func
    .global case_end
case_end:
    mov r11, r0
    mov r0, r12
    str r1, [r0, #4]
    str r2, [r0, #8]
    str r3, [r0, #12]
    str r4, [r0, #16]
    str r5, [r0, #20]
    str r6, [r0, #24]
    str r7, [r0, #28]
    mov r1, r11
    str r1, [r0]
    mov r1, r8
    str r1, [r0, #32]
    mov r1, r9
    str r1, [r0, #36]
    mov r1, r10
    str r1, [r0, #40]
    mov r1, sp
    str r1, [r0, #44]
    mov r1, lr
    str r1, [r0, #48]
    mrs r1, apsr
    str r1, [r0, #52]
    ldr r1, =stack_top
    mov sp, r1
#if HAS_FLOATS
    vmrs r1, fpscr
    str r1, [r0, #56]
    adds r0, #64
    vstmia r0!, {s0-s31}
#else
    adds r0, #64
#endif
    ldr r1, =data
    movs r2, #(DATA_BYTES / 16)
1:  ldmia r1!, {r4-r7}
    stmia r0!, {r4-r7}
    subs r2, #1
    bne 1b
    ldr r1, =output
    str r0, [r1]
    ldr r1, =remaining
    ldr r2, [r1]
    subs r2, #1
    str r2, [r1]
    beq finish
    ldr r1, =records_end
    cmp r0, r1
    bne 2f
    bl flush
2:  ldr r0, =next_case
    bx r0
    .pool

    .thumb_func
flush:
    ldr r1, =write_arguments
    ldr r2, =records
    ldr r3, =output
    ldr r4, [r3]
    str r2, [r3]
    str r2, [r1, #4]
    subs r4, r4, r2
    str r4, [r1, #8]
    movs r0, #5 /* SYS_WRITE */
    bkpt 0xAB
    bx lr

    .thumb_func
fault: /* What was recorded before tells which case it was. */
finish:
    ldr r0, =stack_top
    mov sp, r0
    bl flush
    movs r0, #2 /* SYS_CLOSE */
    ldr r1, =write_arguments
    bkpt 0xAB
    movs r0, #0x18 /* SYS_EXIT */
    ldr r1, =0x20026 /* ADP_Stopped_ApplicationExit */
    bkpt 0xAB
3:  b 3b
    .pool
    .balign 4
open_arguments:
    .word file_name, 5 /* wb */, 11
file_name:
    .asciz "records.bin"

    .section .cases, "ax"
    .balign 4
case_count:
    .incbin CASES, 0, 4
template:
    .incbin CASES, 4, DATA_BYTES
first_case:
    .incbin CASES, 4 + DATA_BYTES

    .section .ram, "aw", %nobits
    .balign 16
    .space 0x400
stack_top:
write_arguments:
    .space 12
remaining:
    .space 4
input:
    .space 4
output:
    .space 4
    .balign 16
    .global data
data:
    .space DATA_BYTES
records:
    .space BUFFER_RECORDS * RECORD_BYTES
records_end:
