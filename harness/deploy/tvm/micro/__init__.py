"""Inner loops in Thumb-2 assembly, where the last cycle counts and LLVM's register allocation spends some."""
