/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * natbox.h - libnatbox: a NAT gateway and firewall inside another program.
 *
 * One struct natbox is one engine with one network namespace: interfaces, addresses, routes, rules, connections. It has no threads, reads no clock, opens
 * no device: the caller hands it frames and the time, and gets back the frames that leave. Several may run side by side, each in a thread of its own; they
 * share nothing.
 *
 *	struct natbox *nb = natbox_new(&(struct natbox_config){ .seed = 1, .transmit = send_frame, .ctx = me });
 *	natbox_link(nb, "lan", mac_lan);
 *	natbox_link(nb, "wan", mac_wan);
 *	natbox_run(nb, "ip addr add 192.168.1.1/24 dev lan; ip addr add 203.0.113.2/24 dev wan\n"
 *	               "sysctl -qw net.ipv4.ip_forward=1\n"
 *	               "iptables -t nat -A POSTROUTING -o wan -j MASQUERADE\n", print, me);
 *	for (;;) {
 *		natbox_time(nb, now_ns());
 *		natbox_receive(nb, "lan", frame, len);
 *	}
 */
#ifndef NATBOX_H
#define NATBOX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct natbox;

struct natbox_config {
	uint64_t seed;		/* of ports, MAC addresses and hash keys; from getrandom() where that matters */
	uint64_t epoch_ns;	/* wall time, UTC ns since 1970, at time 0 */
	/* a frame, Ethernet header first, leaves by interface @ifname; valid during the call. Must not call natbox_receive(). */
	void (*transmit)(void *ctx, const char *ifname, const void *frame, size_t len);
	void (*log)(void *ctx, const char *line);	/* a line of the LOG target or the engine; NULL: dropped */
	void *ctx;
};

/** natbox_new() - an engine with the interface lo, up; NULL: no memory */
struct natbox *natbox_new(const struct natbox_config *config);
void natbox_free(struct natbox *nb);		/* NULL is fine */

/** natbox_link() - a new interface, up, Ethernet, MTU 1500; 0, -EEXIST, -EINVAL (name), -ENOMEM */
int natbox_link(struct natbox *nb, const char *ifname, const uint8_t mac[6]);

/**
 * natbox_run() - commands as typed: ip, sysctl, iptables, iptables-restore, conntrack, and the shell around them
 * @print: gets what they print, errors included; NULL: not wanted
 * Return: 0, or the exit status of the first command that failed (nothing after it has run)
 */
int natbox_run(struct natbox *nb, const char *commands, void (*print)(void *ctx, const char *text, size_t len), void *ctx);

/** natbox_time() - what time it is, ns, monotonic; runs the timers that are due */
void natbox_time(struct natbox *nb, uint64_t now_ns);
/** natbox_next_ns() - when natbox_time() has something to do, UINT64_MAX: nothing */
uint64_t natbox_next_ns(const struct natbox *nb);

/** natbox_receive() - a frame arrived; 0, -ENODEV, -EMSGSIZE, -ENOMEM (the packet pool is at its bound) */
int natbox_receive(struct natbox *nb, const char *ifname, const void *frame, size_t len);
/** natbox_receive_vector() - @n frames that arrived together on one interface: their lookups overlap. Return: how many were taken, or -ENODEV */
int natbox_receive_vector(struct natbox *nb, const char *ifname, const void *const *frames, const size_t *lens, unsigned n);

const char *natbox_version(void);

#ifdef __cplusplus
}
#endif

#endif
