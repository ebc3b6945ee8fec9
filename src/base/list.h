/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/list.h - intrusive doubly linked lists.
 *
 * A head and its nodes have one type. An empty list points to itself; a node that is on no list and was list_init()ed does too, so
 * that list_del() is harmless on it.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/** list_add_before() - insert @n in front of @pos; with @pos a head, at the end of the list */
static inline void list_add_before(struct list *pos, struct list *n)
{
	n->prev = pos->prev;
	n->next = pos;
	pos->prev->next = n;
	pos->prev = n;
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	list_add_before(head, n);
}

static inline void list_add_head(struct list *head, struct list *n)
{
	list_add_before(head->next, n);
}

/** list_del() - take @n off its list and leave it initialised */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(pos, head, member)                                                                          \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head);                    \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
/* safe against removal of @pos; @tmp is of the same type */
#define list_for_each_safe(pos, tmp, head, member)                                                                \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),                                            \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);                                         \
	     &pos->member != (head); pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

#endif
