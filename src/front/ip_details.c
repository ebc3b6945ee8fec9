/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_details.c - what -d and -s add to a link: the settings of its kind, and its counters.
 *
 * Settings that the engine does not have stand with the values a new link has on Linux.
 */
#include <stdio.h>
#include <string.h>

#include "front/ip.h"
#include "route/bridge.h"

static const struct {
	unsigned min_mtu, max_mtu, queues, tso_max_size;
} kind_row[LINK_KIND_MAX] = {
	[LINK_LOOPBACK] = { 0, 0, 1, 524280 },   [LINK_VETH] = { 68, 65535, 2, 524280 },
	[LINK_BRIDGE] = { 68, 65535, 1, 65536 }, [LINK_DUMMY] = { 0, 0, 1, 65536 },
	[LINK_EXTERN] = { 68, 65535, 1, 65536 },
};

static void put_bridge_id(struct sbuf *o, const char *what, const uint8_t mac[6])
{
	sbuf_printf(o, "%s 8000.%x:%x:%x:%x:%x:%x ", what, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void put_bridge(struct sbuf *o, const struct bridge *b)
{
	sbuf_printf(o,
		    "forward_delay 1500 hello_time 200 max_age 2000 ageing_time %llu stp_state 0 priority 32768 "
		    "vlan_filtering 0 ",
		    (unsigned long long)(b->ageing_ms / 10));
	put_bridge_id(o, "bridge_id", b->id_mac);
	put_bridge_id(o, "designated_root", b->id_mac);
	sbuf_puts(o,
		  "root_port 0 root_path_cost 0 topology_change 0 topology_change_detected 0 hello_timer    0.00 "
		  "tcn_timer    0.00 "
		  "topology_change_timer    0.00 gc_timer    0.00 group_fwd_mask 0 group_address 01:80:c2:00:00:00 "
		  "mcast_snooping 1 "
		  "no_linklocal_learn 0 mcast_vlan_snooping 0 mcast_router 1 mcast_query_use_ifaddr 0 mcast_querier 0 "
		  "mcast_hash_elasticity 16 mcast_hash_max 4096 mcast_last_member_count 2 mcast_startup_query_count 2 "
		  "mcast_last_member_interval 100 mcast_membership_interval 26000 mcast_querier_interval 25500 "
		  "mcast_query_interval 12500 "
		  "mcast_query_response_interval 1000 mcast_startup_query_interval 3124 mcast_stats_enabled 0 "
		  "mcast_igmp_version 2 "
		  "mcast_mld_version 1 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0 ");
}

static void put_port(struct sbuf *o, const struct bridge_port *p)
{
	sbuf_printf(o,
		    "bridge_slave state %s priority 32 cost 2 hairpin %s guard off root_block off fastleave off "
		    "learning on flood on "
		    "port_id 0x80%02x port_no 0x%x designated_port %u designated_cost 0 ",
		    p->forwarding ? "forwarding" : "disabled", p->hairpin ? "on" : "off", p->number, p->number,
		    32768 + p->number);
	put_bridge_id(o, "designated_bridge", p->bridge->id_mac);
	put_bridge_id(o, "designated_root", p->bridge->id_mac);
	sbuf_puts(
		o,
		"hold_timer    0.00 message_age_timer    0.00 forward_delay_timer    0.00 topology_change_ack 0 "
		"config_pending 0 proxy_arp off "
		"proxy_arp_wifi off mcast_router 1 mcast_fast_leave off mcast_flood on bcast_flood on mcast_to_unicast "
		"off "
		"neigh_suppress off group_fwd_mask 0 group_fwd_mask_str 0x0 vlan_tunnel off isolated off locked off ");
}

void ip_put_details(struct ip *x, const struct link *l, bool with_addrgen)
{
	struct sbuf *o = &x->c->out;
	static const char *const gen[] = { "eui64", "none", "stable_secret", "random" };
	unsigned promisc = ((l->flags & IFF_PROMISC) != 0) + (l->port != NULL) + l->promisc;

	sbuf_printf(o, " promiscuity %u  allmulti %u minmtu %u maxmtu %u ", promisc, l->port != NULL,
		    kind_row[l->kind].min_mtu, kind_row[l->kind].max_mtu);
	if (link_kind_name(l->kind)[0])
		sbuf_printf(o, "%s    %s ", ip_nl(x), link_kind_name(l->kind));
	if (l->bridge)
		put_bridge(o, l->bridge);
	if (l->port) {
		sbuf_printf(o, "%s    ", ip_nl(x));
		put_port(o, l->port);
	}
	if (with_addrgen && l->mtu >= 1280)
		sbuf_printf(o, "addrgenmode %s ", gen[l->conf6[LINK_CONF6_ADDR_GEN_MODE] & 3]);
	sbuf_printf(o,
		    "numtxqueues %u numrxqueues %u gso_max_size 65536 gso_max_segs 65535 tso_max_size %u tso_max_segs "
		    "65535 gro_max_size 65536 ",
		    kind_row[l->kind].queues, kind_row[l->kind].queues, kind_row[l->kind].tso_max_size);
}

/* ---- counters ---- */

struct column {
	const char *name;
	uint64_t value;
	int least; /* width */
};

static int digits(uint64_t v)
{
	char buf[24];

	return snprintf(buf, sizeof(buf), "%llu", (unsigned long long)v);
}

/*
 * A line of names and a line of values under them. The first column is @first wide: it holds @head and, where
 * that has a value of its own, its name to the right. @tail: blanks that the tool leaves after the names.
 */
static void put_columns(struct ip *x, const char *head, int first, const struct column *own, const struct column *c,
			size_t n, const char *tail)
{
	struct sbuf *o = &x->c->out;

	sbuf_printf(o, "%s    %s%*s", ip_nl(x), head, first - (int)strlen(head), own ? own->name : "");
	for (size_t i = 0; i < n; i++)
		sbuf_printf(o, " %*s", MAX(c[i].least, digits(c[i].value)), c[i].name);
	sbuf_printf(o, "%s%s    ", tail, ip_nl(x));
	if (own)
		sbuf_printf(o, "%*llu", first, (unsigned long long)own->value);
	else
		sbuf_printf(o, "%*s", first, "");
	for (size_t i = 0; i < n; i++)
		sbuf_printf(o, " %*llu", MAX(c[i].least, digits(c[i].value)), (unsigned long long)c[i].value);
	sbuf_puts(o, " ");
}

void ip_put_stats(struct ip *x, const struct link *l)
{
	const struct link_stats *s = &l->stats;
	int bytes = MAX(10, MAX(digits(s->rx_bytes), digits(s->tx_bytes))),
	    packets = MAX(7, MAX(digits(s->rx_packets), digits(s->tx_packets)));
	int errors = MAX(6, MAX(digits(s->rx_errors), digits(s->tx_errors))),
	    dropped = MAX(7, MAX(digits(s->rx_dropped), digits(s->tx_dropped)));
	const struct column rx_bytes = { "bytes", s->rx_bytes, bytes }, tx_bytes = { "bytes", s->tx_bytes, bytes };
	const struct column rx[] = { { "packets", s->rx_packets, packets },
				     { "errors", s->rx_errors, errors },
				     { "dropped", s->rx_dropped, dropped },
				     { "missed", 0, 7 },
				     { "mcast", 0, 7 } };
	const struct column rx_err[] = { { "length", 0, packets },
					 { "crc", 0, errors },
					 { "frame", 0, dropped },
					 { "fifo", 0, 7 },
					 { "overrun", 0, 7 } };
	const struct column tx[] = { { "packets", s->tx_packets, packets },
				     { "errors", s->tx_errors, errors },
				     { "dropped", s->tx_dropped, dropped },
				     { "carrier", 0, 7 },
				     { "collsns", 0, 7 } };
	const struct column tx_err[] = { { "aborted", 0, packets },
					 { "fifo", 0, errors },
					 { "window", 0, dropped },
					 { "heartbt", 0, 7 },
					 { "transns", 0, 7 } };

	put_columns(x, "RX: ", bytes, &rx_bytes, rx, ARRAY_LEN(rx), "           ");
	if (x->stats > 1)
		put_columns(x, "RX errors:", bytes, NULL, rx_err, ARRAY_LEN(rx_err), "");
	put_columns(x, "TX: ", bytes, &tx_bytes, tx, ARRAY_LEN(tx), "           ");
	if (x->stats > 1)
		put_columns(x, "TX errors:", bytes, NULL, tx_err, ARRAY_LEN(tx_err), "");
}
