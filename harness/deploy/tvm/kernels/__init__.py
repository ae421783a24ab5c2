"""Integer kernels as TIR: each class is one kind of kernel, each value of it one generated function."""
