@ Programs a virtual nRF53's flash through its NVMC; harness/board/virtual/nvmc_algorithm.py holds what comes out of this.
@ Position independent Thumb code.
        .syntax unified
        .cpu    cortex-m33
        .thumb
        .text
        .equ    NVMC, 0x50039000
        .equ    CONFIG, 0x504
        .equ    ERASE_ALL, 0x50C

        bkpt    0
        b       .

init:   movs    r0, #0
        bx      lr

        @ r0: address in the page.
erase_sector:
        movs    r1, #2
        ldr     r3, =NVMC + CONFIG
        str     r1, [r3]
        mvn     r2, #0
        str     r2, [r0]
done:   movs    r0, #0
        str     r0, [r3]
        bx      lr

erase_all:
        ldr     r3, =NVMC + CONFIG
        movs    r1, #2
        str     r1, [r3]
        movs    r1, #1
        str     r1, [r3, #ERASE_ALL - CONFIG]
        b       done

        @ r0: address, r1: bytes, a multiple of 4, r2: data.
program_page:
        push    {r4, lr}
        ldr     r3, =NVMC + CONFIG
        movs    r4, #1
        str     r4, [r3]
        b       2f
1:      ldr     r4, [r2], #4
        str     r4, [r0], #4
        subs    r1, r1, #4
2:      cmp     r1, #0
        bne     1b
        movs    r0, #0
        str     r0, [r3]
        pop     {r4, pc}
