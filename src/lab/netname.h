/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/netname.h - names for programs of simulated hosts: hosts and services by /etc/hosts and /etc/services, and
 * refusing what is not simulated.
 *
 * Labs have no name server: a name that /etc/hosts does not have is not known.
 */
#ifndef LAB_NETNAME_H
#define LAB_NETNAME_H

#include <netdb.h>

#include "lab/proc.h"
#include "lab/sock.h"

#define NETNAME_ADDRS_MAX 16

/**
 * netname_list() - the addresses of a number or a name, in getaddrinfo()'s order: what can be reached first, then IPv6
 * before IPv4
 * @family: AF_UNSPEC: both; @numeric: numbers only; @out: NETNAME_ADDRS_MAX of them, *n are filled in, family and scope too
 * @canon: the host's first name in /etc/hosts, or @name itself; may be NULL
 * Return: 0, or an EAI_* for gai_strerror()
 */
int netname_list(struct proc *p, const char *name, uint8_t family, bool numeric, struct sock_addr *out, unsigned *n,
		 struct sbuf *canon);
/** netname_addr() - the first of them; .port stays */
int netname_addr(struct proc *p, const char *name, uint8_t family, bool numeric, struct sock_addr *out, struct sbuf *canon);
/** netname_put_addr() - the number, with %IF behind a link-local address */
void netname_put_addr(struct proc *p, const struct sock_addr *a, struct sbuf *out);
/**
 * netname_host() - an IPv4 address from a number (as inet_aton() takes it) or a name, for what knows no IPv6
 * @canon: the host's first name in /etc/hosts, or @name itself; may be NULL
 * Return: 0, or an EAI_* for gai_strerror()
 */
int netname_host(struct proc *p, const char *name, union inet_addr *ip, struct sbuf *canon);
/** netname_number() - the same, but only numbers: 0 or EAI_NONAME */
int netname_number(const char *name, union inet_addr *ip);
/** netname_of() - the host's name in /etc/hosts into @out; false: it has none */
bool netname_of(struct proc *p, uint8_t family, const union inet_addr *ip, struct sbuf *out);
/** netname_service() - the name of a port ("http") into @out; false: it has none */
bool netname_service(struct proc *p, uint16_t port, const char *proto, struct sbuf *out);
/** netname_port() - a port from a service's name; false: there is none */
bool netname_port(struct proc *p, const char *name, const char *proto, uint16_t *port);
/** prog_refuse() - say that natbox does not simulate @what of program @name; returns 2 */
int prog_refuse(struct proc *p, const char *name, const char *what);
/** prog_refuse_opt() - the same of option -@c */
int prog_refuse_opt(struct proc *p, const char *name, int c);
/** prog_called() - the last part of argv[0], which programs put in front of their messages */
const char *prog_called(const char *argv0);

#endif
