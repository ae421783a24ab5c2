@ Programs the serial NOR flash of a virtual i.MX RT1170 by commands of its FlexSPI controller;
@ harness/board/virtual/flexspi_algorithm.py holds what comes out of this.
@ Position independent Thumb code. All functions return 0, or the error flag of the controller.
        .syntax unified
        .cpu    cortex-m7
        .thumb
        .text
        .equ    FLEXSPI, 0x400CC000
        .equ    ORIGIN, 0x30000000      @ of the flash in the address map
        .equ    MCR0, 0x00
        .equ    INTR, 0x14
        .equ    LUTKEY, 0x18
        .equ    LUTCR, 0x1C
        .equ    IPCR0, 0xA0
        .equ    IPCR1, 0xA4
        .equ    IPCMD, 0xB0
        .equ    IPRXFCR, 0xB8
        .equ    IPTXFCR, 0xBC
        .equ    RFDR, 0x100
        .equ    TFDR, 0x180
        .equ    DONE, 1 << 0
        .equ    ERROR, 1 << 3
        .equ    RX_AVAILABLE, 1 << 5
        .equ    TX_EMPTY, 1 << 6
        .equ    PUSH, 128               @ bytes that are moved to the transmit FIFO at once
        .equ    PAGE, 256
        @ Sequence 0 of the look-up table is that of reads by the core, and stays as it is.
        .equ    WRITE_ENABLE, 1 << 16
        .equ    READ_STATUS, 2 << 16
        .equ    ERASE_SECTOR, 3 << 16
        .equ    PROGRAM_PAGE, 4 << 16
        .equ    ERASE_CHIP, 5 << 16

        bkpt    0
        b       .

init:   push    {r4, lr}
        ldr     r3, =FLEXSPI
        ldr     r0, [r3, #MCR0]
        bic     r0, r0, #2              @ MDIS
        str     r0, [r3, #MCR0]
        ldr     r0, =0x5AF05AF0
        str     r0, [r3, #LUTKEY]
        movs    r0, #2
        str     r0, [r3, #LUTCR]
        adr     r1, sequences
        add     r2, r3, #0x210
        movs    r4, #20
1:      ldr     r0, [r1], #4
        str     r0, [r2], #4
        subs    r4, r4, #1
        bne     1b
        movs    r0, #((PUSH / 8 - 1) << 2)
        str     r0, [r3, #IPTXFCR]
        movs    r0, #0
        pop     {r4, pc}

uninit: movs    r0, #0
        bx      lr

        @ r0: address in the sector.
erase_sector:
        push    {r4, lr}
        sub     r1, r0, #ORIGIN
        mov     r0, #ERASE_SECTOR
        b       change

erase_all:
        push    {r4, lr}
        movs    r1, #0
        mov     r0, #ERASE_CHIP
change: bl      enable_and_start
        bl      finish
        pop     {r4, pc}

        @ r0: address, r1: bytes, a multiple of PAGE, r2: data.
program_page:
        push    {r4, r5, r6, r7, lr}
        sub     r5, r0, #ORIGIN
        add     r6, r5, r1
        mov     r4, r2
        movs    r0, #0
        b       4f
1:      mov     r1, r5
        ldr     r0, =PROGRAM_PAGE + PAGE
        bl      enable_and_start
        movs    r7, #(PAGE / PUSH)
2:      ldr     r0, [r3, #INTR]
        tst     r0, #TX_EMPTY
        beq     2b
        add     r2, r3, #TFDR
        movs    r1, #(PUSH / 4)
3:      ldr     r0, [r4], #4
        str     r0, [r2], #4
        subs    r1, r1, #1
        bne     3b
        movs    r0, #TX_EMPTY
        str     r0, [r3, #INTR]
        subs    r7, r7, #1
        bne     2b
        bl      finish
        bne     5f
        add     r5, r5, #PAGE
4:      cmp     r5, r6
        bne     1b
5:      pop     {r4, r5, r6, r7, pc}

        @ r0: sequence and bytes, r1: offset in the flash. r3: FLEXSPI, from here on.
enable_and_start:
        push    {r0, r1, lr}
        ldr     r3, =FLEXSPI
        mov     r0, #WRITE_ENABLE
        movs    r1, #0
        bl      start
        bl      wait
        pop     {r0, r1, lr}
start:  movs    r2, #(DONE | ERROR)
        str     r2, [r3, #INTR]
        str     r1, [r3, #IPCR0]
        str     r0, [r3, #IPCR1]
        movs    r2, #1
        str     r2, [r3, #IPCMD]
        bx      lr

        @ Waits for the command, and until the flash has done it. r0: 0, or ERROR; flags accordingly.
finish: push    {lr}
        bl      wait
        bne     2f
1:      movs    r0, #1
        str     r0, [r3, #IPRXFCR]
        ldr     r0, =READ_STATUS + 1
        movs    r1, #0
        bl      start
        bl      wait
        bne     2f
        ldr     r0, [r3, #RFDR]
        tst     r0, #1                  @ WIP
        bne     1b
        movs    r0, #0
2:      pop     {pc}

wait:   ldr     r0, [r3, #INTR]
        tst     r0, #DONE
        beq     wait
        ands    r0, r0, #ERROR
        bx      lr

        .align  2
        .ltorg
sequences:
        .word   0x00000406, 0, 0, 0             @ command 06
        .word   0x24040405, 0, 0, 0             @ command 05, read
        .word   0x08180420, 0, 0, 0             @ command 20, address
        .word   0x08180402, 0x00002004, 0, 0    @ command 02, address, write
        .word   0x000004C7, 0, 0, 0             @ command C7
