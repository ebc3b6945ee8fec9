/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/all.c - the list of matches and targets, and the names of those that natbox does not have yet.
 */
#include "front/xt/all.h"

#include <string.h>

#define X(name) &xt_##name,
const struct xt_ext *const xt_all[] = { XT_EXTENSIONS(X) NULL };
#undef X

/* from iptables-extensions(8) of 1.8.9: what IPv4 rules may use on Linux */
static const char *const later_matches[] = {
	"bpf",    "cgroup", "cluster", "connlabel", "dccp", "ipcomp", "ipvs", "nfacct",
	"osf",    "rateest", "sctp",      "set",  "socket",  NULL,
};
static const char *const later_targets[] = {
	"AUDIT",   "CLUSTERIP", "CONNSECMARK", "ECN", "HMARK",    "IDLETIMER", "LED",    "QUEUE",
	"RATEEST", "SECMARK",   "SET",         "TEE", "SYNPROXY", "TPROXY",    "ULOG",   NULL,
};

bool xt_is_later(enum xt_kind kind, const char *name)
{
	for (const char *const *n = kind == XT_MATCH ? later_matches : later_targets; *n; n++)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}
