/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/print.h - a connection as text: /proc/net/nf_conntrack, and conntrack(8)'s forms.
 */
#ifndef CT_PRINT_H
#define CT_PRINT_H

#include "ct/ct.h"

enum ct_print_flags {
	CT_PRINT_PROC = 1 << 0,		/* /proc/net/nf_conntrack: family, zone= always, use= of the kernel */
	CT_PRINT_EXTENDED = 1 << 1,	/* conntrack -o extended */
	CT_PRINT_ID = 1 << 2,
	CT_PRINT_TIMESTAMP = 1 << 3,
	CT_PRINT_NO_TIMEOUT = 1 << 4,	/* DESTROY events */
	CT_PRINT_EVENT = 1 << 5,	/* no mark, no use */
	CT_PRINT_LABELS = 1 << 6,
	CT_PRINT_XML = 1 << 7,
};

/** ct_print() - one connection, without a newline */
void ct_print(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags);
const char *ct_tcp_state_name(unsigned state);		/* "SYN_SENT" */
const char *ct_proto_name(uint8_t proto);		/* "tcp", "unknown" */

#endif
