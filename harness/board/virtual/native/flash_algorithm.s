@ Programs one region of a virtual board's flash through its controller's registers; harness/board/virtual/flash_algorithm.py
@ holds what comes out of this, and puts the table of parameters behind it.
@ Position independent, and for every core: Thumb instructions of Armv6-M.
        .syntax unified
        .cpu    cortex-m0plus
        .thumb
        .text

        .equ    KEY_REGISTER, 0
        .equ    STATUS_REGISTER, 4
        .equ    CLEAR_REGISTER, 8
        .equ    CONTROL_REGISTER, 12
        .equ    ORIGIN, 16              @ of the region
        .equ    SIZE_SHIFT, 20          @ a sector has 1 << SIZE_SHIFT bytes
        .equ    COUNT, 24               @ of sectors
        .equ    NUMBER_SHIFT, 28        @ of the sector's number in the control register
        .equ    ERASE, 32               @ the control register's value that erases the region's first sector
        .equ    PROGRAM, 36             @ its value while programming
        .equ    LOCK, 40
        .equ    BUSY, 44                @ flags of the status register
        .equ    ERRORS, 48
        .equ    KEY1, 52
        .equ    KEY2, 56

        @ Functions return here. All of them give 0, or the status register's error flags.
        bkpt    0
        b       .

init:
        adr     r3, parameters
        ldr     r2, [r3, #KEY_REGISTER]
        ldr     r0, [r3, #KEY1]
        str     r0, [r2]
        ldr     r0, [r3, #KEY2]
        str     r0, [r2]
        ldr     r2, [r3, #CLEAR_REGISTER]
        ldr     r0, [r3, #ERRORS]
        str     r0, [r2]
        movs    r0, #0
        bx      lr

uninit:
        adr     r3, parameters
        ldr     r2, [r3, #CONTROL_REGISTER]
        ldr     r0, [r3, #LOCK]
        str     r0, [r2]
        movs    r0, #0
        bx      lr

        @ r0: address in the sector.
erase_sector:
        adr     r3, parameters
        ldr     r1, [r3, #ORIGIN]
        subs    r0, r0, r1
        ldr     r1, [r3, #SIZE_SHIFT]
        lsrs    r0, r1

        @ r0: index of the sector in the region. r3: parameters.
erase_index:
        ldr     r1, [r3, #NUMBER_SHIFT]
        lsls    r0, r1
        ldr     r1, [r3, #ERASE]
        adds    r0, r0, r1
        ldr     r1, [r3, #CONTROL_REGISTER]
        str     r0, [r1]

        @ r3: parameters.
finish:
        ldr     r1, [r3, #STATUS_REGISTER]
        ldr     r0, [r1]
        ldr     r2, [r3, #BUSY]
        tst     r0, r2
        bne     finish
        ldr     r2, [r3, #ERRORS]
        ands    r0, r2
        bx      lr

erase_all:
        push    {r4, lr}
        adr     r3, parameters
        ldr     r4, [r3, #COUNT]
        movs    r0, #0
1:      subs    r4, r4, #1
        bmi     2f
        movs    r0, r4
        bl      erase_index
        beq     1b
2:      pop     {r4, pc}

        @ r0: address, r1: bytes, a multiple of 4, r2: data.
program_page:
        push    {r4, r5, lr}
        adr     r3, parameters
        ldr     r4, [r3, #CONTROL_REGISTER]
        ldr     r5, [r3, #PROGRAM]
        str     r5, [r4]
        b       4f
3:      ldr     r5, [r2]
        str     r5, [r0]
        adds    r0, r0, #4
        adds    r2, r2, #4
        subs    r1, r1, #4
4:      cmp     r1, #0
        bne     3b
        movs    r5, #0
        str     r5, [r4]
        bl      finish
        pop     {r4, r5, pc}

        .align  2
parameters:
