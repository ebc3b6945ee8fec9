/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/print.h - a connection as text: /proc/net/nf_conntrack, and conntrack(8)'s forms.
 */
#ifndef CT_PRINT_H
#define CT_PRINT_H

#include "ct/ct.h"

enum ct_print_flags {
	CT_PRINT_PROC = 1 << 0,		/* /proc/net/nf_conntrack: family, zone= always, use= of the kernel */
	CT_PRINT_EXTENDED = 1 << 1,	/* conntrack -o extended: the family in front */
	CT_PRINT_ID = 1 << 2,
	CT_PRINT_KTIMESTAMP = 1 << 3,	/* when it began and ended (conntrack -o ktimestamp) */
	CT_PRINT_EVENT = 1 << 4,	/* as an event shows it: mark only when there is one or it changed, no use, no counters */
	CT_PRINT_DESTROY = 1 << 5,	/* with CT_PRINT_EVENT: counters, and the timeout only when some was left */
	CT_PRINT_HELD = 1 << 6,		/* use=2, as conntrack -G, -U and -z show it */
	CT_PRINT_XML = 1 << 7,		/* one <flow> element, CT_PRINT_EVENT giving it a type */
	CT_PRINT_SAVE = 1 << 8,		/* a line that conntrack -R takes (conntrack -o save) */
	CT_PRINT_UPDATE = 1 << 9,	/* with CT_PRINT_EVENT and CT_PRINT_XML: type="update" */
};

/** ct_print() - one connection, without a newline */
void ct_print(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags);
const char *ct_tcp_state_name(unsigned state);		/* "SYN_SENT" */
const char *ct_proto_name(uint8_t proto);		/* "tcp", "unknown" */
/** ct_print_event() - one line of conntrack -E, without a newline: "    [NEW] tcp ..."; @flags: CT_PRINT_EXTENDED, _ID, _KTIMESTAMP, _XML */
void ct_print_event(struct sbuf *out, const struct ct_table *t, enum ct_event ev, const struct conn *c, unsigned flags);
/** ct_print_proc() - the whole of /proc/net/nf_conntrack */
void ct_print_proc(struct sbuf *out, struct ct_table *t);
/** ct_print_stats() - the lines of conntrack -S */
void ct_print_stats(struct sbuf *out, const struct ct_stats *s);

#endif
