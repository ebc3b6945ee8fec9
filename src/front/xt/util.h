/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/util.h - values that several matches and targets share.
 */
#ifndef FRONT_XT_UTIL_H
#define FRONT_XT_UTIL_H

#include <errno.h>
#include <string.h>

#include "front/xt.h"

#define XT_IPV4 1		/* .families */
#define XT_IPV6 2
#define XT_BOTH (XT_IPV4 | XT_IPV6)
#define XT_BIT(id) (1u << (id))

/**
 * xt_strtou() - an unsigned number as libxtables reads it: blanks and a plus may stand in front, 0x and 0 say the
 * base
 * @end: what follows it; NULL: nothing may follow
 */
bool xt_strtou(const char *s, const char **end, uint64_t min, uint64_t max, uint64_t *val);
/** xt_parse_port_any() - a port as getaddrinfo() reads it: decimal modulo 65536, or a service; message on failure */
int xt_parse_port_any(struct xt_call *c, const char *s, uint16_t *port);
/** xt_parse_ports_any() - @c->arg as PORT, PORT:PORT, :PORT, PORT: of such ports */
int xt_parse_ports_any(struct xt_call *c, uint16_t port[2]);
/** xt_print_port() - its service name unless @numeric or there is none */
void xt_print_port(struct sbuf *out, uint16_t port, uint8_t proto, bool numeric);
/** xt_mark_arg() - @c->arg as VALUE[/MASK], message on failure */
int xt_mark_arg(struct xt_call *c, uint32_t *value, uint32_t *mask);
void xt_put_mark(struct sbuf *out, uint32_t value, uint32_t mask);	/* " 0x1/0xff", without a mask of all ones */
/** xt_print_mark_change() - what (mark & ~@mask) ^ @mark does, in words: " set 0x1", " or 0xf", ... */
void xt_print_mark_change(struct sbuf *out, uint32_t mark, uint32_t mask);
/** xt_bad_value() - the message "EXT: Bad value for "--OPT" option: "ARG""; returns -EINVAL */
int xt_bad_value(struct xt_call *c, const char *arg);
/**
 * xt_host_arg() - @c->arg as HOST, or with @mask (not NULL) HOST[/MASK]
 * Without a mask all of @mask's bits are set, with one only the family's: for -C and -D "A" and "A/32" are different
 * rules, as they are for the real tool.
 */
int xt_host_arg(struct xt_call *c, union inet_addr *addr, union inet_addr *mask);
/** xt_mask_arg() - @c->arg as a prefix length or netmask; all bits where it is neither a mask of this family */
int xt_mask_arg(struct xt_call *c, union inet_addr *mask);
/** xt_parse_quad() - the @n bytes at @s as decimal numbers with dots; those missing at the end are 0 */
int xt_parse_quad(const char *s, size_t n, be32 *ip);

/* DSCP classes: front/xt/dscp.c */
int xt_dscp_class(struct xt_call *c, uint8_t *dscp);	/* @c->arg as BE, EF, CSx, AFxx; message on failure */

enum field_id xt_dsfield(uint8_t family);	/* TOS, traffic class */
/** xt_test() - a test by @fn, which gets a copy of the @n bytes at @data */
void xt_test(struct ir_list *l, const struct ir_fn *fn, const void *data, size_t n);
struct ir_stmt *xt_action(struct ir_list *l, enum ir_action act);	/* NULL: no memory, and @l->failed */
/** xt_set_byte() - a field of one byte becomes (field & @keep) ^ @xor */
void xt_set_byte(struct ir_list *l, enum field_id id, uint8_t keep, uint8_t xor);

#endif
