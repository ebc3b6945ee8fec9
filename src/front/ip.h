/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip.h - what the files of the `ip` command share: the words still to be read, how errors are said, and
 * names of numbers.
 *
 * Errors are sticky: the first one prints its text and sets the exit status; from then on there are no more
 * words, and what is still called finds nothing to do. So a parser reads straight on and looks once, at its
 * end.
 */
#ifndef FRONT_IP_H
#define FRONT_IP_H

#include "front/cmd.h"

struct ip {
	struct cmd *c;
	struct netns *ns;		/* -n, or where the command runs */
	uint8_t family;			/* -4, -6; AF_UNSPEC: none given */
	bool oneline, brief, all, numeric, human;
	int details, stats;
	int argc;			/* words left, the current one included */
	char **argv;
	bool failed;
	int status;			/* exit status, with .failed */
};

typedef int ip_fn(struct ip *x);

int ip_main(struct cmd *c, int argc, char **argv);

/* ---- words ---- */
static inline bool ip_more(const struct ip *x)
{
	return !x->failed && x->argc > 0;
}
const char *ip_cur(const struct ip *x);			/* "" past the end */
void ip_shift(struct ip *x);
const char *ip_next(struct ip *x);			/* to the next word, which must be there */
bool ip_is(const struct ip *x, const char *word);	/* the current word is @word */
bool ip_abbr(const struct ip *x, const char *word);	/* the current word is @word or a beginning of it */
bool ip_begins(const char *given, const char *word);

/* ---- errors: each returns the exit status; after the first they print nothing ---- */
int ip_fail(struct ip *x, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
int ip_invalid(struct ip *x, const char *what, const char *arg);	/* Error: argument "ARG" is wrong: WHAT */
int ip_dup(struct ip *x, const char *key, const char *arg);
int ip_dup2(struct ip *x, const char *key, const char *arg);
int ip_answer(struct ip *x, int err, const char *why);		/* what the kernel says; @why NULL: only the errno */
int ip_no_device(struct ip *x, const char *name);
int ip_unknown(struct ip *x, const char *object);		/* Command "..." is unknown */
int ip_refuse(struct ip *x, const char *fmt, ...) PRINTF_LIKE(2, 3);	/* not supported, by name */

/* ---- values: on an error ip_fail() was called and 0 or false is returned ---- */
struct ip_prefix {
	uint8_t family, plen;
	bool have_plen, any;	/* "/N" was written; "default", "any", "all" */
	union inet_addr addr;
};

bool ip_parse_prefix(struct ip *x, uint8_t family, const char *text, struct ip_prefix *p);
bool ip_parse_addr(struct ip *x, uint8_t family, const char *text, union inet_addr *a);
bool ip_u32(const char *text, int base, uint32_t *v);
bool ip_onoff(struct ip *x, const char *word, bool *on);
bool ip_lladdr(struct ip *x, const char *text, uint8_t mac[6]);
struct link *ip_link(struct ip *x, const char *name);	/* "Cannot find device" when there is none */

/* ---- names ---- */
bool ip_table_id(struct ip *x, const char *text, uint32_t *id);
const char *ip_table_name(struct ip *x, uint32_t id, char buf[16]);
bool ip_proto_id(const char *text, uint8_t *id);
const char *ip_proto_name(const struct ip *x, uint8_t id, char buf[16]);
bool ip_scope_id(const char *text, uint8_t *id);
const char *ip_scope_name(const struct ip *x, uint8_t id, char buf[16]);
const char *ip_type_name(uint8_t type);
bool ip_type_id(const char *text, uint8_t *type);
const char *ip_nl(const struct ip *x);			/* end of a line inside one object: "\\" with -o */

/* ---- printing of links, shared by link and addr (ip_show.c) ---- */
struct ip_show {
	const char *dev, *kind, *label, *master;
	uint8_t family;
	bool up, nomaster, is_addr, have_to, have_scope, have_group;
	uint8_t scope;
	uint32_t flags, flag_mask;	/* of addresses */
	struct ip_prefix to;
	uint32_t group;
};

int ip_show(struct ip *x, const struct ip_show *f);
bool ip_show_addr_wanted(const struct ip *x, const struct ip_show *f, const struct link *l, const struct link_addr *a);
void ip_put_link_name(struct ip *x, const struct link *l, struct sbuf *out);
void ip_put_link_flags(const struct link *l, struct sbuf *out);
void ip_put_details(struct ip *x, const struct link *l, bool with_addrgen);
void ip_put_stats(struct ip *x, const struct link *l);

/* ---- routes ---- */
struct ip_route_view {			/* what a filter fixes is not printed */
	bool no_table, no_dev, no_via, no_proto, no_scope, no_src, no_metric, no_tos, no_from;
};

void ip_put_route(struct ip *x, const struct route *r, const struct ip_route_view *v);

/* ---- objects ---- */
int ip_link_main(struct ip *x);
int ip_addr_main(struct ip *x);
int ip_route_main(struct ip *x);
int ip_route_get(struct ip *x);
int ip_rule_main(struct ip *x);
int ip_neigh_main(struct ip *x);
int ip_netns_main(struct ip *x);

#endif
