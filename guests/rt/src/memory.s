# Memory functions for RV32IM without misaligned access. Cost is the number of instructions, so:
#
# - A ladder is straight code that moves up to 16 units, entered by a computed jump so that exactly the wanted ones run.
#   It counts down from the end: its pointers are moved to the end first and its offsets are negative. A rung that loads
#   and stores is 8 bytes of code, one that only stores is 4: no instruction here may be compressed or relaxed.
# - Words are moved wherever both sides can be aligned, and merged from two loads where they cannot.
#
# C ABI: a0.. are the arguments, a0 is the result. Only caller-saved registers are used, and no stack.

    .option push
    .option arch, +m                    # inline assembly does not inherit the target's features
    .option norvc
    .option norelax

# void *memcpy(void *to, const void *from, size_t n)
#
# Also right for overlapping ranges with to <= from: it moves upwards and never stores beyond what it has loaded.
    .section .text.memcpy, "ax", @progbits
    .globl memcpy
    .type memcpy, @function
    .p2align 2
memcpy:
    or      t0, a0, a1
    andi    t0, t0, 3
    mv      a3, a0                      # a3, a1: next byte to store, to load; a2: bytes left
    bnez    t0, 5f

# Both are aligned. A partial block of words first, then blocks of 16 words, then up to 3 bytes.
1:
    andi    t1, a2, 60                  # bytes in the partial block
    add     a1, a1, t1
    add     a3, a3, t1
    la      t2, 3f
    slli    t3, t1, 1                   # 8 bytes of code for 4 bytes of data
    sub     t2, t2, t3
    addi    a1, a1, 64                  # offsets below are from one block further on
    addi    a3, a3, 64
    srli    a4, a2, 6                   # full blocks
    jr      t2
2:
    .irp off, 128,124,120,116,112,108,104,100,96,92,88,84,80,76,72,68
    lw      t0, -\off(a1)
    sw      t0, -\off(a3)
    .endr
3:
    addi    a1, a1, 64
    addi    a3, a3, 64
    addi    a4, a4, -1
    bgez    a4, 2b
    andi    a2, a2, 3
    beqz    a2, 4f
    lbu     t0, -128(a1)
    sb      t0, -128(a3)
    addi    a2, a2, -1
    beqz    a2, 4f
    lbu     t0, -127(a1)
    sb      t0, -127(a3)
    addi    a2, a2, -1
    beqz    a2, 4f
    lbu     t0, -126(a1)
    sb      t0, -126(a3)
4:
    ret

# At least one is not aligned.
5:
    li      t1, 16
    bltu    a2, t1, 9f
    andi    t0, a3, 3
    beqz    t0, 7f
    li      t1, 4
    sub     t0, t1, t0                  # bytes until the target is aligned
    sub     a2, a2, t0
6:
    lbu     t1, 0(a1)
    sb      t1, 0(a3)
    addi    a1, a1, 1
    addi    a3, a3, 1
    addi    t0, t0, -1
    bnez    t0, 6b
7:
    andi    a5, a1, 3
    beqz    a5, 1b
    srli    t0, a2, 4                   # rounds of 4 words; may be 0 after the bytes above
    beqz    t0, 9f
# The target is aligned, the source is a5 = 1, 2 or 3 bytes past a word: each word is merged from two.
    slli    t1, a5, 3
    neg     t2, t1                      # shifts use the low 5 bits: 32 - t1
    sub     a1, a1, a5
    slli    t0, t0, 4
    add     a4, a1, t0                  # where the rounds end
    lw      t3, 0(a1)
8:
    lw      t4, 4(a1)
    srl     t3, t3, t1
    sll     t5, t4, t2
    or      t3, t3, t5
    sw      t3, 0(a3)
    lw      t3, 8(a1)
    srl     t4, t4, t1
    sll     t5, t3, t2
    or      t4, t4, t5
    sw      t4, 4(a3)
    lw      t4, 12(a1)
    srl     t3, t3, t1
    sll     t5, t4, t2
    or      t3, t3, t5
    sw      t3, 8(a3)
    lw      t3, 16(a1)
    srl     t4, t4, t1
    sll     t5, t3, t2
    or      t4, t4, t5
    sw      t4, 12(a3)
    addi    a1, a1, 16
    addi    a3, a3, 16
    bne     a1, a4, 8b
    add     a1, a1, a5
    andi    a2, a2, 15
# Fewer than 16 bytes, one by one.
9:
    la      t2, 10f
    slli    t3, a2, 3
    sub     t2, t2, t3
    add     a1, a1, a2
    add     a3, a3, a2
    jr      t2
    .irp off, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1
    lbu     t0, -\off(a1)
    sb      t0, -\off(a3)
    .endr
10:
    ret
    .size memcpy, . - memcpy

# void *memmove(void *to, const void *from, size_t n)
    .section .text.memmove, "ax", @progbits
    .globl memmove
    .type memmove, @function
    .p2align 2
memmove:
    sub     t0, a0, a1
    bltu    t0, a2, 1f                  # to lies in from .. from + n: downwards
    tail    memcpy
1:
    add     a1, a1, a2
    add     a3, a0, a2                  # a3, a1: one past the next byte to store, to load
    xor     t0, a1, a3
    andi    t0, t0, 3
    bnez    t0, 7f                      # can never be aligned together
2:                                      # bytes until the end is aligned
    andi    t0, a3, 3
    beqz    t0, 3f
    beqz    a2, 6f
    addi    a1, a1, -1
    addi    a3, a3, -1
    lbu     t0, 0(a1)
    sb      t0, 0(a3)
    addi    a2, a2, -1
    j       2b
3:
    srli    t1, a2, 5                   # rounds of 8 words
    beqz    t1, 5f
4:
    lw      t0, -4(a1)
    sw      t0, -4(a3)
    lw      t0, -8(a1)
    sw      t0, -8(a3)
    lw      t0, -12(a1)
    sw      t0, -12(a3)
    lw      t0, -16(a1)
    sw      t0, -16(a3)
    lw      t0, -20(a1)
    sw      t0, -20(a3)
    lw      t0, -24(a1)
    sw      t0, -24(a3)
    lw      t0, -28(a1)
    sw      t0, -28(a3)
    lw      t0, -32(a1)
    sw      t0, -32(a3)
    addi    a1, a1, -32
    addi    a3, a3, -32
    addi    t1, t1, -1
    bnez    t1, 4b
    andi    a2, a2, 31
5:                                      # words while there are 4 bytes, then bytes
    li      t1, 4
50:
    bltu    a2, t1, 51f
    addi    a1, a1, -4
    addi    a3, a3, -4
    lw      t0, 0(a1)
    sw      t0, 0(a3)
    addi    a2, a2, -4
    j       50b
51:
    beqz    a2, 6f
    addi    a1, a1, -1
    addi    a3, a3, -1
    lbu     t0, 0(a1)
    sb      t0, 0(a3)
    addi    a2, a2, -1
    j       51b
6:
    ret
7:                                      # bytes, 4 in a round
    srli    t1, a2, 2
    beqz    t1, 9f
8:
    lbu     t0, -1(a1)
    sb      t0, -1(a3)
    lbu     t0, -2(a1)
    sb      t0, -2(a3)
    lbu     t0, -3(a1)
    sb      t0, -3(a3)
    lbu     t0, -4(a1)
    sb      t0, -4(a3)
    addi    a1, a1, -4
    addi    a3, a3, -4
    addi    t1, t1, -1
    bnez    t1, 8b
    andi    a2, a2, 3
9:
    j       51b
    .size memmove, . - memmove

# void *memset(void *to, int byte, size_t n)
    .section .text.memset, "ax", @progbits
    .globl memset
    .type memset, @function
    .p2align 2
memset:
    mv      a3, a0
    li      t1, 16
    bltu    a2, t1, 4f
    andi    a1, a1, 0xff
    li      t0, 0x01010101
    mul     a1, a1, t0                  # the byte in every byte of a word
1:
    andi    t0, a3, 3
    beqz    t0, 2f
    sb      a1, 0(a3)
    addi    a3, a3, 1
    addi    a2, a2, -1
    j       1b
2:
    andi    t1, a2, 60                  # bytes in the partial block
    add     a3, a3, t1
    la      t2, 3f
    sub     t2, t2, t1                  # 4 bytes of code for 4 bytes of data
    srli    a4, a2, 6                   # full blocks
    addi    a3, a3, 64                  # offsets below are from one block further on
    jr      t2
5:
    .irp off, 128,124,120,116,112,108,104,100,96,92,88,84,80,76,72,68
    sw      a1, -\off(a3)
    .endr
3:
    addi    a3, a3, 64
    addi    a4, a4, -1
    bgez    a4, 5b
    addi    a3, a3, -128
    andi    a2, a2, 3
4:
    la      t2, 6f
    slli    t3, a2, 2
    sub     t2, t2, t3
    add     a3, a3, a2
    jr      t2
    .irp off, 15,14,13,12,11,10,9,8,7,6,5,4,3,2,1
    sb      a1, -\off(a3)
    .endr
6:
    ret
    .size memset, . - memset

# int memcmp(const void *left, const void *right, size_t n); bcmp asks for less of the result.
    .section .text.memcmp, "ax", @progbits
    .globl memcmp
    .type memcmp, @function
    .globl bcmp
    .type bcmp, @function
    .p2align 2
memcmp:
bcmp:
    mv      a3, a0
    or      t0, a0, a1
    andi    t0, t0, 3
    bnez    t0, 4f
    srli    t2, a2, 5                   # rounds of 8 words
    beqz    t2, 2f
1:
    lw      t0, 0(a3)
    lw      t1, 0(a1)
    bne     t0, t1, 3f
    lw      t0, 4(a3)
    lw      t1, 4(a1)
    bne     t0, t1, 3f
    lw      t0, 8(a3)
    lw      t1, 8(a1)
    bne     t0, t1, 3f
    lw      t0, 12(a3)
    lw      t1, 12(a1)
    bne     t0, t1, 3f
    lw      t0, 16(a3)
    lw      t1, 16(a1)
    bne     t0, t1, 3f
    lw      t0, 20(a3)
    lw      t1, 20(a1)
    bne     t0, t1, 3f
    lw      t0, 24(a3)
    lw      t1, 24(a1)
    bne     t0, t1, 3f
    lw      t0, 28(a3)
    lw      t1, 28(a1)
    bne     t0, t1, 3f
    addi    a3, a3, 32
    addi    a1, a1, 32
    addi    t2, t2, -1
    bnez    t2, 1b
    andi    a2, a2, 31
2:                                      # words while there are 4 bytes
    li      t3, 4
20:
    bltu    a2, t3, 7f
    lw      t0, 0(a3)
    lw      t1, 0(a1)
    bne     t0, t1, 3f
    addi    a3, a3, 4
    addi    a1, a1, 4
    addi    a2, a2, -4
    j       20b
3:                                      # the first byte in which two words differ; little-endian: the lowest
    xor     t2, t0, t1
30:
    andi    t3, t2, 0xff
    bnez    t3, 31f
    srli    t2, t2, 8
    srli    t0, t0, 8
    srli    t1, t1, 8
    j       30b
31:
    andi    t0, t0, 0xff
    andi    t1, t1, 0xff
    sub     a0, t0, t1
    ret
4:
    srli    t2, a2, 2                   # rounds of 4 bytes
    beqz    t2, 6f
5:
    lbu     t0, 0(a3)
    lbu     t1, 0(a1)
    bne     t0, t1, 9f
    lbu     t0, 1(a3)
    lbu     t1, 1(a1)
    bne     t0, t1, 9f
    lbu     t0, 2(a3)
    lbu     t1, 2(a1)
    bne     t0, t1, 9f
    lbu     t0, 3(a3)
    lbu     t1, 3(a1)
    bne     t0, t1, 9f
    addi    a3, a3, 4
    addi    a1, a1, 4
    addi    t2, t2, -1
    bnez    t2, 5b
6:
    andi    a2, a2, 3
7:                                      # fewer than 4 bytes
    beqz    a2, 8f
    lbu     t0, 0(a3)
    lbu     t1, 0(a1)
    bne     t0, t1, 9f
    addi    a3, a3, 1
    addi    a1, a1, 1
    addi    a2, a2, -1
    j       7b
8:
    li      a0, 0
    ret
9:
    sub     a0, t0, t1
    ret
    .size memcmp, . - memcmp
    .size bcmp, . - bcmp

    .option pop
