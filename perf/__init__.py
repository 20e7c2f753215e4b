"""Speed: every figure the README states has its benchmark here.

A kernel in this folder calls kernels of its own file, of `ipc` and of `engine` only: the name of the kernel
cache knows nothing of this folder, and the compiler notices a change in a kernel's own file alone.
"""
