/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/ast.h - what nft text and nft JSON are parsed to, what is checked and lowered, and what is printed.
 *
 * One tree for all stages: the parser fills it in as it is written, eval.c gives every expression its type and brings
 * it to the form in which nft 1.0.6 lists it (symbols to values, implied dependencies left out, flags folded),
 * lower.c makes IR of it, print.c and json.c write it. A rule keeps its evaluated statements as its form.
 *
 * Invariants
 *  1. After evaluation no NFT_X_SYMBOL is left, and every expression has .type and .len_bits.
 *  2. A value's bytes are a number in network order of (len_bits + 7) / 8 bytes, whatever the order that the engine
 *     keeps it in; strings are bytes padded with zeros. lower.c turns bytes for fields in host order.
 *  3. Trees are owned from above: nft_cmd_free() frees everything below. Nothing is shared but types and sources.
 *  4. After evaluation, in particular: an anonymous or named set's .list holds NFT_X_ELEM only, sorted as they are
 *     listed, whose keys are VALUE, RANGE, PREFIX, CONCAT of these, WILDCARD, or MAPPING of such a key to a value, verdict
 *     or concatenation; .desc tells key and data types. The operator of a REL is never left out where it says something:
 *     NFT_OP_IMPLICIT is left only with flags on the left ("one of these", also for a constant of several flags), and
 *     means (l & r) != 0; NFT_OP_NOT with flags is (l & r) == 0; with a set on the right NFT_OP_EQ is "in", NFT_OP_NEQ
 *     "not in". Prefixes of constants are PREFIX with the host part zero. Header fields keep their own bits (ip dscp: 6):
 *     who lowers masks and shifts.
 *  5. Statements flagged .implied are lowered as the others, and not listed: dependencies that were added, and such of
 *     those written that the real tool does not list.
 *
 * References: nft(8), libnftables-json(5).
 */
#ifndef FRONT_NFT_AST_H
#define FRONT_NFT_AST_H

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/list.h"
#include "base/sbuf.h"

struct nft_type;			/* a datatype: front/nft/type.h */
struct nft_proto;			/* a header: front/nft/proto.h */
struct ir_set;
struct ir_object;

/* a text that was parsed: a file, standard input, the command line, an include */
struct nft_src {
	struct nft_src *next;
	char *name;			/* NULL: the command line; "/dev/stdin" for `-f -` */
	char *text;
	size_t len;
	struct nft_src *from;		/* included from there, at .from_line and column */
	uint32_t from_line, from_col, from_end;
	bool *oom;			/* the context's: set by a maker that had no memory for a node at a place of this text */
};

struct nft_loc {			/* from 1; .end: last column, inclusive; .line 0: not known */
	const struct nft_src *src;
	uint32_t line, col, end;
	uint32_t at;			/* byte offset of the line in .src->text */
};

enum nft_expr_kind {
	NFT_X_VALUE,			/* constant: .value */
	NFT_X_SYMBOL,			/* a word whose type only its place tells: .symbol */
	NFT_X_VERDICT,			/* .verdict */
	NFT_X_PAYLOAD,			/* .payload */
	NFT_X_EXTHDR,			/* .exthdr: IPv6 extension header, TCP or IP option, SCTP or DCCP chunk */
	NFT_X_META,			/* .key: NFT_META_* */
	NFT_X_CT,			/* .ct */
	NFT_X_RT,			/* .key: NFT_RT_* */
	NFT_X_FIB,			/* .fib */
	NFT_X_SOCKET,			/* .key: NFT_SOCKET_*, .level for cgroupv2 */
	NFT_X_OSF,			/* .key: NFT_OSF_F_VERSION or 0, .level: ttl option (NFT_OSF_TTL_*) */
	NFT_X_IPSEC,			/* .ipsec */
	NFT_X_NUMGEN, NFT_X_HASH,	/* .gen */
	NFT_X_TUNNEL,			/* .key: NFT_TUNNEL_* */
	NFT_X_BINOP,			/* .bin */
	NFT_X_UNARY,			/* .bin.l with .bin.op == NFT_OP_NOT (not bits) */
	NFT_X_PREFIX,			/* .prefix: an address or other expression / length */
	NFT_X_RANGE,			/* .bin.l - .bin.r */
	NFT_X_CONCAT,			/* .list: parts */
	NFT_X_LIST,			/* .list: a,b,c without braces */
	NFT_X_SET,			/* { ... }: .set */
	NFT_X_ELEM,			/* element of a set, with options: .elem */
	NFT_X_MAPPING,			/* left : right of a map element: .bin */
	NFT_X_MAP,			/* KEY map { } and KEY vmap { }: .bin (.r is NFT_X_SET or NFT_X_SETREF) */
	NFT_X_SETREF,			/* @name: .symbol; evaluated: .ref */
	NFT_X_REL,			/* l op r: .bin */
	NFT_X_WILDCARD,			/* "*": the element that catches all */
	NFT_X_XT,			/* evaluated only: text of an iptables extension without an nft form: .symbol */
	NFT_X_KIND_MAX
};

enum nft_op {
	NFT_OP_IMPLICIT,		/* written without an operator: ==, in, flags */
	NFT_OP_EQ, NFT_OP_NEQ, NFT_OP_LT, NFT_OP_GT, NFT_OP_LE, NFT_OP_GE,
	NFT_OP_AND, NFT_OP_OR, NFT_OP_XOR, NFT_OP_LSHIFT, NFT_OP_RSHIFT, NFT_OP_NOT,
};

enum nft_verdict { NFT_V_ACCEPT, NFT_V_DROP, NFT_V_CONTINUE, NFT_V_RETURN, NFT_V_JUMP, NFT_V_GOTO, NFT_V_QUEUE };

#define NFT_VALUE_MAX 128		/* bytes of a constant (strings of 16, labels of 16, concatenations apart) */

struct nft_expr {
	struct list node;		/* in its parent's .list */
	enum nft_expr_kind kind;
	struct nft_loc loc;
	const struct nft_type *type;	/* evaluated; parser: NULL */
	uint32_t len_bits;
	bool is_key;			/* evaluated by typeof */
	union {
		struct { uint8_t *bytes; bool is_string, wildcard; } value;	/* wildcard: "eth*", only the bytes before */
		struct { char *text; bool quoted; } symbol;
		struct { enum nft_verdict v; struct nft_expr *chain; struct list *rules; char *chain_name; } verdict;
			/* chain: symbol or string; rules: an anonymous chain's { } */
		struct {
			const struct nft_proto *proto;	/* NULL: @base,offset,length */
			unsigned field;			/* index into proto's fields */
			uint8_t base;			/* NFT_PAYLOAD_*_HEADER */
			uint32_t offset_bits;		/* in its base's header; length is .len_bits */
			bool raw;			/* written with @ */
			bool implied_ok;
		} payload;
		struct {
			uint8_t op;			/* enum nft_exthdr_op: NFT_EXTHDR_OP_IPV6, _TCPOPT, _IPV4, _SCTP, _DCCP */
			const struct nft_proto *proto;	/* its description */
			unsigned field;
			uint8_t type;			/* next header, option kind, chunk type */
			uint32_t offset_bits;
			bool exists;			/* only whether it is there */
			bool raw;			/* tcp option @kind,offset,length */
			uint8_t instance;		/* sack0..sack3 */
		} exthdr;
		uint32_t key;
		struct { uint32_t key, level; } keyed;	/* socket cgroupv2 level, osf */
		struct { uint32_t key; int8_t dir; uint8_t l3; bool derived; } ct;	/* NFT_CT_*; dir: IP_CT_DIR_*, -1: none; l3: NFPROTO_* given by `ct original ip saddr`; derived: by the rule's other matches */
		struct { uint32_t result, flags; } fib;	/* NFT_FIB_RESULT_*, NFTA_FIB_F_* */
		struct { uint32_t key; uint8_t dir; uint8_t family; uint32_t spnum; } ipsec;	/* NFT_XFRM_KEY_*, XFRM_POLICY_IN/OUT */
		struct {
			uint32_t type;			/* NFT_NG_INCREMENTAL, _RANDOM; NFT_HASH_JENKINS, _SYM */
			uint32_t mod, offset, seed;
			bool have_seed;
			struct nft_expr *of;		/* jhash: what is hashed */
		} gen;
		struct { enum nft_op op; struct nft_expr *l, *r; } bin;
		struct { struct nft_expr *a; uint32_t len; } prefix;
		struct { struct list list; unsigned n; } list;	/* CONCAT, LIST */
		struct {
			struct list list;		/* of NFT_X_ELEM (evaluated) or any expression (parsed) */
			unsigned n;
			struct ir_set *set;		/* evaluated and committed: the anonymous set */
			struct nft_set *desc;		/* evaluated: type and flags that the anonymous set gets; owned */
		} set;
		struct { char *name; const struct nft_set *desc; struct ir_set *set; } ref;	/* SETREF; desc: borrowed */
		struct {
			struct nft_expr *key;		/* value, range, prefix, concat, MAPPING, WILDCARD */
			uint64_t timeout_ms, expires_ms;	/* 0: not given; UINT64_MAX: given as 0s */
			char *comment;
			struct list *stmts;		/* of struct nft_stmt: counter, limit, ...; NULL: none */
		} elem;
	};
};

enum nft_stmt_kind {
	NFT_S_MATCH,			/* .expr: NFT_X_REL, or anything that stands alone */
	NFT_S_VERDICT,			/* .expr: NFT_X_VERDICT, or NFT_X_MAP of a verdict map */
	NFT_S_COUNTER, NFT_S_QUOTA, NFT_S_LIMIT, NFT_S_LAST, NFT_S_CONNLIMIT,
	NFT_S_LOG, NFT_S_REJECT,
	NFT_S_NAT,			/* snat, dnat, masquerade, redirect: .nat */
	NFT_S_TPROXY, NFT_S_SYNPROXY, NFT_S_DUP, NFT_S_FWD, NFT_S_QUEUE, NFT_S_FLOW, NFT_S_NOTRACK,
	NFT_S_ASSIGN,			/* meta, ct, payload or extension header set: .assign */
	NFT_S_OPTSTRIP,			/* reset tcp option KIND: .expr (NFT_X_EXTHDR) */
	NFT_S_SET,			/* add, update, delete @set { ... }: .set; `meter` too */
	NFT_S_OBJREF,			/* counter name "x", ct helper set "y", limit name map: .objref */
	NFT_S_XT,			/* a match or target of iptables that has no nft form: .xt */
	NFT_S_KIND_MAX
};

struct nft_limit { uint64_t rate, unit_s; uint32_t burst; bool bytes, over, have_burst; };	/* bytes: rate and burst in bytes */
struct nft_quota { uint64_t bytes, used; bool over; };

struct nft_stmt {
	struct list node;
	enum nft_stmt_kind kind;
	struct nft_loc loc;
	bool implied;			/* evaluated: a dependency that is not listed */
	int state;			/* lowered: number of its stateful function in the rule (rule_state()); -1: none */
	union {
		struct nft_expr *expr;
		struct { uint64_t packets, bytes; } counter;
		struct nft_quota quota;
		struct nft_limit limit;
		struct { uint64_t used_ms; bool set; } last;
		struct { uint32_t count; bool over; } connlimit;
		struct {
			struct nft_expr *prefix;	/* string, may hold variables; NULL: none */
			uint32_t group, snaplen, qthreshold, level, flags;	/* NF_LOG_*; level LOG_* */
			uint32_t have;			/* NFT_LOG_HAVE_* */
		} log;
		struct {
			int type;			/* NFT_REJECT_*; -1: not given */
			uint8_t family;			/* of icmp or icmpv6; 0: not given */
			struct nft_expr *code;		/* NULL: the default */
			uint8_t code_value;		/* evaluated */
		} reject;
		struct {
			uint8_t type;			/* NFT_NAT_SNAT, NFT_NAT_DNAT, or NFT_NAT_MASQ, NFT_NAT_REDIR of ours */
			uint8_t family;			/* given: `dnat ip to`; NFPROTO_UNSPEC: not; evaluated: known */
			bool family_given;
			struct nft_expr *addr;		/* value, range, prefix, map, ...; NULL: none */
			struct nft_expr *port;		/* NULL: none */
			uint32_t flags;			/* NF_NAT_RANGE_PROTO_RANDOM, _FULLY, _PERSISTENT, _NETMAP */
			bool addr_is_concat;		/* `dnat ip addr . port to ... map`: the map gives address and port */
			bool interval;			/* `ip interval to`: the map gives ranges */
			bool prefix;			/* `ip prefix to` */
		} nat;
		struct { struct nft_expr *addr, *port; uint8_t family; bool family_given; } tproxy;
		struct { uint16_t mss; uint8_t wscale; uint32_t flags; } synproxy;
		struct { struct nft_expr *to, *dev; uint8_t family; } fwd;	/* DUP, FWD; family: `fwd ip to` */
		struct { struct nft_expr *num; uint32_t flags; } queue;	/* num: value, range, map, hash; flags NFT_QUEUE_FLAG_* */
		struct { char *table; } flow;
		struct { struct nft_expr *to, *val; } assign;	/* to: META, CT, PAYLOAD, EXTHDR */
		struct {
			uint8_t op;			/* enum set_op */
			struct nft_expr *ref;		/* NFT_X_SETREF */
			struct nft_expr *key;		/* NFT_X_ELEM: key, timeout, comment, statements */
			struct nft_expr *data;		/* map statements: @m { key : data }; NULL: none */
			char *meter;			/* `meter NAME size N { ... }`: its name; NULL: a set statement */
			uint32_t meter_size;
			struct list stmts;		/* of struct nft_stmt: counter, limit, ... run for the element */
		} set;
		struct { int type; struct nft_expr *name; } objref;	/* NFT_OBJECT_*; name: value, symbol, or NFT_X_MAP */
		struct { char *text; bool target; void *form; } xt;
	};
};

#define NFT_NAT_MASQ 16
#define NFT_NAT_REDIR 17

enum nft_log_have { NFT_LOG_HAVE_GROUP = 1, NFT_LOG_HAVE_SNAPLEN = 2, NFT_LOG_HAVE_QTHRESHOLD = 4, NFT_LOG_HAVE_LEVEL = 8 };

/* ---- what stands in a table ---- */

struct nft_chain_dev { char **dev; unsigned n; struct nft_expr *expr; };

struct nft_table { uint8_t family; char *name, *comment; uint32_t flags; struct list parts; };	/* parts: of struct nft_cmd (the block's contents, as add commands) */

struct nft_prio { bool given; char *name; int num; struct nft_expr *expr; struct nft_loc loc; };	/* "filter + 10": name and num */

struct nft_chain {
	char *name, *comment;
	bool base;
	char *type, *hook_name;		/* as written */
	struct nft_loc type_loc, hook_loc;
	int hook;			/* evaluated: NF_INET_*, NF_BR_*, NF_ARP_*, NF_NETDEV_* */
	struct nft_prio prio;
	int policy;			/* NF_DROP, NF_ACCEPT; -1: not given */
	struct nft_expr *policy_expr;	/* a variable */
	struct nft_chain_dev dev;
	uint32_t flags;			/* NFT_CHAIN_HW_OFFLOAD */
	struct list rules;		/* of struct nft_rule: those of the block */
};

struct nft_rule {
	struct list node;
	struct nft_loc loc;
	struct list stmts;		/* of struct nft_stmt */
	char *comment;
	uint64_t handle;
};

/* a set, map or meter: its type, as written and as evaluated */
struct nft_set {
	char *name, *comment;
	bool map;
	struct nft_expr *key;		/* `type`: NULL; `typeof`: the expression */
	struct nft_expr *data;		/* typeof of a map's right side */
	char *key_text, *data_text;	/* `type A . B : C` as written (parsed only) */
	struct nft_loc key_loc, data_loc;
	const struct nft_type *key_type, *data_type;	/* evaluated; concatenations are types of their own */
	uint32_t key_bits, data_bits;
	int object_type;		/* map to objects: NFT_OBJECT_*; 0: none */
	bool data_interval;		/* `: interval ipv4_addr` */
	uint32_t flags;			/* NFT_SET_* */
	bool auto_merge, have_policy, have_gc, have_timeout, have_size;
	uint32_t policy, size;
	uint64_t timeout_ms, gc_ms;
	struct list stmts;		/* of struct nft_stmt: for each element */
	struct nft_expr *init;		/* NFT_X_SET or a variable's; NULL: none */
	struct nft_loc loc;
};

struct nft_object {
	int type;			/* NFT_OBJECT_* */
	char *name, *comment;
	union {
		struct { uint64_t packets, bytes; } counter;
		struct nft_quota quota;
		struct nft_limit limit;
		struct { char *type; uint8_t l4, l3; } ct_helper;
		struct { uint8_t l4, l3; struct list policies; } ct_timeout;	/* of struct nft_timeout_policy */
		struct { uint8_t l4, l3; uint16_t dport; uint32_t timeout_ms; uint8_t size; } ct_expect;
		struct { uint16_t mss; uint8_t wscale; uint32_t flags; } synproxy;
		struct { char *ctx; } secmark;
	};
};

struct nft_timeout_policy { struct list node; struct nft_loc loc; char *state; uint32_t s; };

struct nft_flowtable {
	char *name;
	struct nft_prio prio;
	char *hook_name;
	struct nft_chain_dev dev;
	uint32_t flags;
	bool counter;
};

/* ---- commands ---- */

enum nft_op_cmd {
	NFT_C_ADD, NFT_C_CREATE, NFT_C_INSERT, NFT_C_REPLACE, NFT_C_DELETE, NFT_C_DESTROY, NFT_C_GET, NFT_C_LIST, NFT_C_RESET,
	NFT_C_FLUSH, NFT_C_RENAME, NFT_C_DESCRIBE, NFT_C_MONITOR, NFT_C_EXPORT, NFT_C_IMPORT,
};

enum nft_what {
	NFT_W_TABLE, NFT_W_CHAIN, NFT_W_RULE, NFT_W_SET, NFT_W_MAP, NFT_W_METER, NFT_W_ELEMENT, NFT_W_COUNTER, NFT_W_QUOTA,
	NFT_W_LIMIT, NFT_W_CT_HELPER, NFT_W_CT_TIMEOUT, NFT_W_CT_EXPECT, NFT_W_SYNPROXY, NFT_W_SECMARK, NFT_W_FLOWTABLE,
	NFT_W_RULESET,
	/* list only: all of a kind, by family and table where given */
	NFT_W_TABLES, NFT_W_CHAINS, NFT_W_SETS, NFT_W_MAPS, NFT_W_METERS, NFT_W_COUNTERS, NFT_W_QUOTAS, NFT_W_LIMITS,
	NFT_W_CT_HELPERS, NFT_W_CT_TIMEOUTS, NFT_W_CT_EXPECTS, NFT_W_SYNPROXYS, NFT_W_SECMARKS, NFT_W_FLOWTABLES, NFT_W_HOOKS,
	NFT_W_EXPR,			/* describe */
};

struct nft_handle {			/* which thing a command is about; each part with the place it was written at */
	uint8_t family;			/* NFPROTO_*; none given: NFPROTO_IPV4, or NFPROTO_UNSPEC for lists of all */
	bool family_given;
	char *table, *chain, *name;	/* name: set, map, object, flowtable; the new name for rename is cmd.arg */
	uint64_t handle;		/* `handle N`; 0: none */
	uint64_t position;		/* `position N` (a handle) */
	bool have_index;
	uint32_t index;			/* from 0 */
	struct nft_loc table_loc, chain_loc, name_loc, handle_loc, position_loc, index_loc;
};

struct nft_cmd {
	struct list node;
	enum nft_op_cmd op;
	enum nft_what what;
	struct nft_loc loc;		/* from its first to its last word; of a block's part its name, of a block's rule its words */
	bool inner;			/* such a part or rule */
	struct nft_handle h;
	char *arg;			/* rename: the new name; monitor: "new", "destroy"; list hooks: a device */
	uint32_t monitor;		/* NFT_MON_*: what to show; 0: all */
	struct rule *made;		/* carried out: what became of .rule, borrowed (to be echoed) */
	union {				/* by .what; NULL where the command has none */
		struct nft_table *table;
		struct nft_chain *chain;
		struct nft_rule *rule;
		struct nft_set *set;	/* also METER */
		struct nft_expr *elems;	/* NFT_W_ELEMENT: NFT_X_SET */
		struct nft_object *object;
		struct nft_flowtable *flowtable;
		struct nft_expr *expr;	/* describe */
	};
};

enum nft_monitor {
	NFT_MON_TABLES = 1, NFT_MON_CHAINS = 2, NFT_MON_RULES = 4, NFT_MON_SETS = 8, NFT_MON_ELEMENTS = 16, NFT_MON_OBJECTS = 32,
	NFT_MON_FLOWTABLES = 64, NFT_MON_TRACE = 128, NFT_MON_RULESET = 127, NFT_MON_JSON = 256,
};

/* ---- ast.c: making and freeing; makers return NULL when memory is short ---- */

struct nft_expr *nft_expr_new(enum nft_expr_kind kind, const struct nft_loc *loc);	/* zeroed; lists initialised */
struct nft_expr *nft_expr_value(const struct nft_loc *loc, const struct nft_type *t, const void *bytes, uint32_t len_bits);
struct nft_expr *nft_expr_symbol(const struct nft_loc *loc, const char *text, size_t n);
struct nft_expr *nft_expr_bin(enum nft_expr_kind kind, const struct nft_loc *loc, enum nft_op op, struct nft_expr *l, struct nft_expr *r);
struct nft_expr *nft_expr_clone(const struct nft_expr *e);
void nft_expr_append(struct nft_expr *list, struct nft_expr *e);	/* CONCAT, LIST, SET */
void nft_expr_free(struct nft_expr *e);		/* NULL is fine, in all of these */
bool nft_expr_equal(const struct nft_expr *a, const struct nft_expr *b);
/** nft_expr_u64() - a constant of up to 64 bits as a number; nft_expr_num() - a constant of @bits from a number */
uint64_t nft_expr_u64(const struct nft_expr *e);
struct nft_expr *nft_expr_num(const struct nft_loc *loc, const struct nft_type *t, uint64_t v, uint32_t bits);
struct nft_stmt *nft_stmt_new(enum nft_stmt_kind kind, const struct nft_loc *loc);
struct nft_stmt *nft_stmt_clone(const struct nft_stmt *s);
void nft_stmt_free(struct nft_stmt *s);
void nft_stmts_free(struct list *stmts);
struct nft_rule *nft_rule_new(const struct nft_loc *loc);
void nft_rule_free(struct nft_rule *r);
struct nft_set *nft_set_new(const struct nft_loc *loc);
struct nft_set *nft_set_clone(const struct nft_set *s);	/* without .init */
void nft_set_free(struct nft_set *s);
struct nft_object *nft_object_new(int type);
void nft_object_free(struct nft_object *o);
struct nft_chain *nft_chain_new(void);	/* .policy and .hook -1 */
void nft_chain_free(struct nft_chain *c);
void nft_flowtable_free(struct nft_flowtable *f);
struct nft_cmd *nft_cmd_new(enum nft_op_cmd op, enum nft_what what, const struct nft_loc *loc);
void nft_cmd_free(struct nft_cmd *c);
void nft_cmds_free(struct list *cmds);

#endif
