/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/addr_int.h - what the files about addresses share among themselves.
 */
#ifndef ROUTE_ADDR_INT_H
#define ROUTE_ADDR_INT_H

#include "route/link.h"

static inline uint64_t addr_now_ms(const struct link *l)
{
	return l->set->clock ? clock_ms(l->set->clock) : 0;
}

void addr_tell(struct link *l, unsigned what, const struct link_addr *a);
void addr_take_off(struct link *l, struct link_addr *a);	/* out of the list, told, freed */
/** addr6_place() - where a new IPv6 address goes in the list; -EEXIST with why */
int addr6_place(struct link *l, struct link_addr *a, struct list **pos);
uint8_t addr6_scope(const union inet_addr *a);			/* RT_SCOPE_* of an address */
/** addr6_dad_start() - an address that stands in its list begins to be checked, or is ready at once */
void addr6_dad_start(struct link *l, struct link_addr *a);
void addr6_up(struct link *l);			/* IPv6 begins on a link that is up */
void addr6_down(struct link *l);		/* it went down: what is not kept goes */
void addr6_off(struct link *l);			/* it does no IPv6 any more */
void addr6_add_link_local(struct link *l);	/* by the link's addr_gen_mode, unless there is one */

#endif
