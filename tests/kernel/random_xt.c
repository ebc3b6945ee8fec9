/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_xt.c - a random rule set for iptables-restore or ip6tables-restore.
 */
#include <stdio.h>
#include <string.h>

#include "random.h"

void gen_xt(struct rng *r, bool six, struct sbuf *out)
{
}
