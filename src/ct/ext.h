/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/ext.h - what few connections have, beside the connection: counters, timestamps, labels, the master of an expected one.
 */
#ifndef CT_EXT_H
#define CT_EXT_H

#include "ct/ct.h"

#define CT_LABELS_LEN 16	/* bytes: 128 labels */

struct conn_ext {
	bool has_acct, has_tstamp, has_labels;
	struct ct_counter acct[2];	/* by direction */
	uint32_t secmark;
	uint64_t start_ns, stop_ns;	/* wall time, UTC; stop 0: still there */
	uint8_t labels[CT_LABELS_LEN];	/* bit n is byte n / 8, bit n % 8 */
	struct conn *master;		/* held; of an expected connection */
};

/** ext_get() - the extension of a connection, made when it has none; NULL: no memory */
struct conn_ext *ext_get(struct ct_table *t, struct conn *c);
/** ext_free() - let go of what the extension holds, and of itself */
void ext_free(struct ct_table *t, struct conn *c);
/** ext_labels() - 16 bytes, or NULL when it has none */
const uint8_t *ext_labels(const struct conn *c);
/** ext_set_labels() - replace the labels; UPDATE is sent when they changed; 0 or -ENOMEM */
int ext_set_labels(struct ct_table *t, struct conn *c, const uint8_t labels[CT_LABELS_LEN]);

#endif
