/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/exec.h - inside of carrying out commands: what exec*.c, list.c, echo.c and refuse.c share.
 */
#ifndef FRONT_NFT_EXEC_H
#define FRONT_NFT_EXEC_H

#include "front/nft/nft.h"

/* ---- refuse.c ---- */

/**
 * nft_refused() - the engine refuses a part of @cmd: "Could not process rule: ...", or what may have been meant
 * Told after everything that evaluation found, and only if that found nothing. Returns false
 */
bool nft_refused(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc, int err);
/** nft_move_refusal() - the last error is the engine's: told only when nothing else is wrong */
void nft_move_refusal(struct nft_ctx *x);
/** nft_not_found() - what the tool itself misses before it asks the engine: "No such file or directory"; returns false */
bool nft_not_found(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc);

/** nft_no_such_set() - the same for a set that a rule refers to */
bool nft_no_such_set(struct nft_ctx *x, const char *name, const struct nft_loc *loc);

/* ---- exec.c ---- */

bool nft_open_txn(struct nft_ctx *x);		/* false: no memory */
/** nft_table_view() - by name in a family, for reading: the batch's view; NULL: none */
const struct table *nft_table_view(struct nft_ctx *x, uint8_t family, const char *name);
/** nft_table_of() - the table that a command is about, to be changed; NULL: refused */
struct table *nft_table_of(struct nft_ctx *x, struct nft_cmd *cmd);
/** nft_table_asked() - the same for commands for which the tool itself looks for the table first */
struct table *nft_table_asked(struct nft_ctx *x, struct nft_cmd *cmd);
/** nft_each_table() - in the order of listing; stops at false */
bool nft_each_table(struct nft_ctx *x, bool (*fn)(struct nft_ctx *x, const struct table *t, void *arg), void *arg);
uint8_t nft_cmd_family(const struct nft_cmd *cmd);	/* ip when none is given */

/* ---- exec_set.c ---- */
bool nft_exec_set(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_exec_elems(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_put_elems(struct nft_ctx *x, struct nft_cmd *cmd, struct table *t, struct ir_set *is, const struct nft_expr *elems);
/** nft_set_takes() - may a command that speaks of a set, map or meter mean this one */
bool nft_set_takes(enum nft_what what, const struct ir_set *s);

/* ---- exec_object.c ---- */
bool nft_exec_object(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_exec_flowtable(struct nft_ctx *x, struct nft_cmd *cmd);
int nft_object_type(enum nft_what what);	/* NFT_OBJECT_*, 0: no object */

/* ---- list.c ---- */
bool nft_list(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_reset(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_get(struct nft_ctx *x, struct nft_cmd *cmd);
bool nft_describe(struct nft_ctx *x, struct nft_cmd *cmd);

/* ---- monitor.c ---- */
bool nft_monitor(struct nft_ctx *x, struct nft_cmd *cmd);

/* ---- echo.c ---- */
void nft_echo(struct nft_ctx *x, struct list *cmds);
/* parts as commands in one line, which nft monitor writes too; base: what a base chain has behind its name */
void nft_put_base(struct nft_ctx *x, const struct chain *c, struct sbuf *out);
void nft_put_set(struct nft_ctx *x, const struct table *t, struct ir_set *s, struct sbuf *out);
void nft_put_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o, struct sbuf *out);
void nft_put_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f, struct sbuf *out);
const char *nft_object_word(int type);	/* NFT_OBJECT_* */

/** nft_optimize() - merge rules of the blocks in @cmds (-o): optimize.c; false: errors were added */
bool nft_optimize(struct nft_ctx *x, struct list *cmds);

#endif
