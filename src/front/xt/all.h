/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/all.h - every match and target there is: one row here, one entry in the file of its family.
 */
#ifndef FRONT_XT_ALL_H
#define FRONT_XT_ALL_H

#include "front/xt.h"

#define XT_EXTENSIONS(X)                                                                                          \
	X(tcp) X(udp) X(icmp) X(state) X(conntrack) X(mark) X(connmark) X(multiport) X(comment) X(limit)          \
	X(addrtype) X(iprange) X(mac) X(length) X(tos) X(dscp) X(ttl) X(owner) X(pkttype) X(tcpmss) X(statistic)  \
	X(physdev) X(rpfilter) X(recent) X(connlimit) X(hashlimit) X(string) X(time) X(connbytes) X(quota)        \
	X(esp) X(ah) X(ah6) X(icmp6) X(hl) X(HL) X(ecn) X(realm) X(devgroup) X(helper) X(cpu) X(policy) X(u32)                                \
	X(REJECT) X(LOG) X(NFLOG) X(DNAT) X(SNAT) X(MASQUERADE) X(REDIRECT) X(NETMAP) X(MARK) X(CONNMARK)         \
	X(DSCP) X(TOS) X(TTL) X(TCPMSS) X(NOTRACK) X(CT) X(CLASSIFY) X(TRACE) X(NFQUEUE) X(CHECKSUM)          \
	X(TCPOPTSTRIP) X(frag) X(rt) X(hbh) X(dst) X(ipv6header) X(eui64) X(mh) X(SNPT) X(DNPT)

#define X(name) extern const struct xt_ext xt_##name;
XT_EXTENSIONS(X)
#undef X

#endif
