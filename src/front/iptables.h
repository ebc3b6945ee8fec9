/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables.h - inside of the iptables commands: a rule's written form, a parsed command, and what runs it.
 *
 * The way of a command line: iptables.c makes a struct ipt_args of it (iptables_rule.c keeps what was written),
 * front/apply.c turns that into changes of a transaction, iptables_list.c prints rules back.
 */
#ifndef FRONT_IPTABLES_H
#define FRONT_IPTABLES_H

#include "front/cmd.h"
#include "front/optscan.h"
#include "front/xt.h"

#define IPT_VERSION "v1.8.9 (nf_tables)"
#define IPT_NAME_MAX 28		/* a chain's or target's name is at most this long */
#define IPT_ADDRS_MAX 1024	/* addresses in one -s or -d */

enum ipt_status { IPT_OK = 0, IPT_OTHER = 1, IPT_PARAM = 2, IPT_VERSION_PROBLEM = 3, IPT_RESOURCE = 4 };

/* who speaks in messages, and where in a restore file */
struct ipt_ctx {
	struct cmd *c;
	const char *tool;	/* "iptables", "iptables-restore" */
	unsigned line;		/* of the restore file; 0: a command line */
	uint8_t family;
};

uint8_t ipt_tool_family(const char *name);	/* AF_INET6: ip6tables or one of its like */
/** ipt_fail() - "TOOL VERSION: message" and what the real tool adds for @status; returns @status */
int ipt_fail(struct ipt_ctx *x, enum ipt_status status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** ipt_tryhelp() - only the "Try ..." line; returns IPT_PARAM */
int ipt_tryhelp(struct ipt_ctx *x);

/* ---- a rule as it was written: iptables_rule.c ---- */

enum ipt_inv {
	IPT_INV_SRC = 1,
	IPT_INV_DST = 2,
	IPT_INV_PROTO = 4,
	IPT_INV_IN = 8,
	IPT_INV_OUT = 16,
	IPT_INV_FRAG = 32
};

struct ipt_inst {			/* a match or target with its data */
	const struct xt_ext *ext;
	void *data;
	uint32_t seen;
	/*
	 * of matches that are listed as one, the first stands for all (.idle: only shown), the others and a copy of
	 * what it was are .silent: only run
	 */
	bool idle, silent;
};

struct ipt_tail {			/* what the rules of one command line share: their matches and target */
	int refs;
	unsigned n;
	struct ipt_inst *match;
	struct ipt_inst target;		/* .ext NULL: none, or a verdict or chain by name */
};

struct ipt_rule {
	struct rule_form form;
	uint8_t family;
	uint8_t inv;			/* of enum ipt_inv */
	bool frag, go;			/* -f, -g */
	uint8_t proto;			/* 0: any */
	union inet_addr src, smask, dst, dmask;
	char in[16], out[16];
	char jump[IPT_NAME_MAX + 4];	/* target's name, "" for none */
	struct ipt_tail *tail;
};

struct ipt_tail *ipt_tail_new(void);
void ipt_tail_put(struct ipt_tail *t);
/** ipt_tail_add() - one more match, its data zeroed and initialised; NULL: no memory */
struct ipt_inst *ipt_tail_add(struct ipt_tail *t, const struct xt_ext *ext, uint8_t family);
/** ipt_tail_merge() - matches that are listed as one: -p tcp -m tcp --sport 1 -m tcp --dport 2; 0 or -ENOMEM */
int ipt_tail_merge(struct ipt_tail *t);
int ipt_tail_set_target(struct ipt_tail *t, const struct xt_ext *ext, uint8_t family);	/* 0 or -ENOMEM */
struct ipt_rule *ipt_rule_dup(const struct ipt_rule *r);	/* shares the tail; NULL: no memory */
void ipt_rule_free(struct ipt_rule *r);
const struct ipt_rule *ipt_rule_of(const struct rule *r);	/* NULL: written in another dialect */
/* a rule as iptables reads it, whoever made it */
struct ipt_view {
	struct ipt_rule *rule;		/* NULL: it cannot be shown */
	const char *error;		/* what its reader fails with; listing ends there */
	bool incompatible;		/* it has parts that iptables never makes: "use 'nft' tool" */
};
/** ipt_view_of() - what iptables shows of a rule; its rule is borrowed */
struct ipt_view ipt_view_of(const struct rule *r);
/** nft_rule_as_ipt() - the same for a rule of nft's: nft/iptables.c; NULL: it is none */
const struct ipt_view *nft_rule_as_ipt(const struct rule *r);
/** ipt_unreadable() - what the real tool says when it fails to read a rule; IPT_VERSION_PROBLEM */
int ipt_unreadable(struct ipt_ctx *x, const char *error);
/** ipt_rule_same() - as -C and -D compare: everything but the counters, and but .jump, which a renamed chain changes */
bool ipt_rule_same(const struct ipt_rule *a, const struct ipt_rule *b);
/** ipt_rule_emit() - lower to the IR; 0, -ENOMEM, or -EOPNOTSUPP with *@what the extension's name */
int ipt_rule_emit(const struct ipt_rule *r, struct ir_list *l, const char **what);
bool ipt_is_target(const char *name, uint8_t family);	/* a name that no chain may have */
bool ipt_is_verdict(const char *name, enum ir_verdict *v);	/* ACCEPT DROP RETURN */
/** ipt_rule_is_jump() - goes to a chain of its table */
bool ipt_rule_is_jump(const struct ipt_rule *r);
const char *ipt_proto_name(uint8_t proto, bool lookup, char buf[16]);	/* its name, or the number */
int ipt_proto_parse(const char *s, uint8_t *proto);		/* 0 or -EINVAL */

/* ---- tables that iptables knows: ipt_tables.c ---- */

struct ipt_table {
	const char *name;
	struct ipt_builtin {
		const char *name;	/* NULL: end */
		enum chain_type type;
		int hook, priority;
	} chains[6];
};

extern const struct ipt_table ipt_tables[];	/* in the order of iptables-save; ends with a NULL name */
const struct ipt_table *ipt_table_find(const char *name);
const struct ipt_builtin *ipt_builtin_find(const struct ipt_table *t, const char *chain);
/** ipt_chain_foreign() - a base chain that does not stand where a built-in one of its name does: iptables overlooks it */
bool ipt_chain_foreign(const struct ipt_table *t, const struct chain *c);
/** ipt_chain_find() - a chain that iptables sees; NULL: there is none (@real may be NULL) */
struct chain *ipt_chain_find(const struct ipt_table *t, const struct table *real, const char *name);
/** ipt_table_ok() - can iptables read all rules of the chains that it sees, or of one */
bool ipt_table_ok(const struct ipt_table *t, const struct table *real, const char *chain);
/** ipt_table_own() - was it made by iptables, or has it rules of iptables': a state file keeps it as iptables-save does */
bool ipt_table_own(const struct table *t);
/** ipt_table_foreign_base() - has it base chains that are none of iptables' */
bool ipt_table_foreign_base(const struct ipt_table *t, const struct table *real);

/* ---- a command: apply.c ---- */

enum ipt_cmd_kind {
	IPT_APPEND,
	IPT_INSERT,
	IPT_DELETE,
	IPT_DELETE_NUM,
	IPT_REPLACE,
	IPT_CHECK,
	IPT_LIST,
	IPT_LIST_RULES,
	IPT_FLUSH,
	IPT_ZERO,
	IPT_ZERO_NUM,
	IPT_NEW,
	IPT_DEL_CHAIN,
	IPT_RENAME,
	IPT_POLICY,
	IPT_RESTORE_CHAIN, /* ":NAME POLICY [p:b]" */
	IPT_RESTORE_FLUSH, /* what "*table" does without --noflush */
};

enum ipt_format { IPT_F_NUMERIC = 1, IPT_F_EXACT = 2, IPT_F_LINENUM = 4 };

struct ipt_cmd {
	struct ipt_cmd *next;
	enum ipt_cmd_kind kind;
	const char *table;		/* one of ipt_tables' names */
	char *chain, *arg;		/* arg: policy, or a chain's new name */
	struct ipt_rule *rule;
	unsigned num;			/* rule number from 1; 0: none */
	unsigned verbose, format, line;
	bool have_counters;
	bool beside_list;		/* -Z with -L or -S */
	uint64_t packets, bytes;
};

void ipt_cmd_free(struct ipt_cmd *list);

struct apply;

/** apply_begin() - NULL: no memory */
struct apply *apply_begin(struct ipt_ctx *x);
/** apply_run() - prepare one command; 0 or an exit status, its message printed */
int apply_run(struct apply *a, const struct ipt_cmd *cmd);
/** apply_commit() - put all that was prepared in place, or print what is wrong with it; the exit status. Frees @a */
int apply_commit(struct apply *a);
void apply_abort(struct apply *a);

/* ---- a command line: iptables.c ---- */

struct ipt_line {
	struct ipt_ctx *x;
	bool restore;
	const char *table;		/* at first: "filter", or the restore file's; then what -t said */
	unsigned verbose;
	struct ipt_cmd *first, **last;
	bool done;			/* -h, -V: nothing more to do */
	bool skip;			/* ... because the line is for another family */
};

/** ipt_parse() - the commands that a line asks for are added at *l->last (none for -h and -V); 0 or an exit status */
int ipt_parse(struct ipt_line *l, int argc, char **argv);

/* ---- hints: iptables_hint.c ---- */

/** ipt_hint_target() - the chain or target that may have been meant by @name; @t NULL: no table */
void ipt_hint_target(struct ipt_ctx *x, const struct table *t, const char *name);
void ipt_hint_table(struct ipt_ctx *x, const char *name);
/** ipt_hint_chain() - which tables have the chain that @table lacks, or which of its chains may have been meant */
void ipt_hint_chain(struct ipt_ctx *x, const char *table, const char *chain);
/** ipt_hint_refused() - why the kernel refused a rule there with @err */
void ipt_hint_refused(struct ipt_ctx *x, const struct ipt_rule *r, const struct xt_where *w, int err);

/* ---- printing: iptables_list.c ---- */

/**
 * ipt_list() - iptables -L; @chain NULL: all; @num 0: all rules; @real NULL: the table is not there yet
 * @error: set to why the listing ended early: ipt_unreadable(); else to NULL
 */
int ipt_list(struct cmd *c, const struct ipt_table *t, const struct table *real, const char *chain, unsigned num,
	     unsigned verbose, unsigned format, const char **error);
/** ipt_list_rules() - iptables -S */
int ipt_list_rules(struct cmd *c, const struct ipt_table *t, const struct table *real, const char *chain, unsigned num,
		   bool counters, const char **error);
/**
 * ipt_save_rule() - "-A CHAIN ..." without newline; @packets_first: "[p:b] " in front, as iptables-save -c;
 * @counters: "-c p b"; returns NULL, or why the rule cannot be read
 */
const char *ipt_save_rule(struct sbuf *out, const struct chain *c, const struct rule *r, bool packets_first, bool counters);
/** ipt_print_rule() - as -v shows the rule of a command */
void ipt_print_verbose(struct cmd *c, const struct ipt_rule *r);
/** ipt_chains_sorted() - a table's user chains by name; NULL-terminated, to be mem_free()d; NULL: no memory */
struct chain **ipt_chains_sorted(const struct table *real);

/** ipt_save_exact() - for a state file: with counters, without dates, and only the built-in chains that are there */
int ipt_save_exact(struct cmd *c, uint8_t family, struct sbuf *out);

/* ---- names: iptables_names.c ---- */

/** ipt_host_addr() - an address for @name from the host's /etc/hosts, /etc/networks; 0 or -ENOENT */
int ipt_host_addr(struct cmd *c, uint8_t family, const char *name, union inet_addr *a);
/** ipt_addr_name() - the name that /etc/hosts or /etc/networks has for an address; false: none */
bool ipt_addr_name(struct cmd *c, uint8_t family, const union inet_addr *a, struct sbuf *out);

/** ipt_bad_option() - what getopt_long() says of an option that iptables-save and -restore do not have, then @tail; returns IPT_OTHER */
int ipt_bad_option(struct cmd *c, const struct optscan *s, enum opt_event ev, const char *tail);

cmd_fn iptables_main, iptables_save_main, iptables_restore_main;

#endif
