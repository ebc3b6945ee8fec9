/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/kernel.h - the real kernel as a place to run a lab's commands in: the reference.
 */
#ifndef LAB_KERNEL_H
#define LAB_KERNEL_H

#include "lab/backend.h"

/**
 * kernel_new() - private mount and network namespaces, entered by this process; NULL: not root, or the kernel refuses
 * (errno)
 */
struct backend *kernel_new(void);

#endif
