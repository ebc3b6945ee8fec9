/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/proto.c - UDP, ICMP, GRE and everything else: what counts as a packet of a connection, and how long that lives.
 *
 * On the packet's way: called by ct_in(), ct_icmp_error() before its lookup and the others after it.
 *
 * Differences: D-23 (SCTP is among everything else).
 *
 * References: RFC 768; RFC 792; RFC 4443; RFC 5508 (NAT for ICMP): an error belongs to the connection whose packet it quotes.
 */
#include "ct/proto.h"

#include "base/buf.h"
#include "net/edit.h"
#include "net/parse.h"

#define UDP_STREAM_MS 2000	/* a two-way flow that lasts longer than this is a stream */

static bool checksum_bad(const struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook)
{
	return t->conf->checksum && hook == NF_INET_PRE_ROUTING && !(pkt->flags & PKT_LOOPED) && !parse_l4_checksum(pkt);
}

/* Linux sums UDP-Lite's pseudo-header as if it were UDP's, so that what is right comes out as invalid */
static bool udplite_bad(const struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook)
{
	be16 field, sum = csum_replace16(csum_l4(pkt), htons(IPPROTO_UDPLITE), htons(IPPROTO_UDP));

	memcpy(&field, pkt_l4(pkt) + 6, 2);
	return t->conf->checksum && hook == NF_INET_PRE_ROUTING && !(pkt->flags & PKT_LOOPED) && field != sum;
}

static void assure(struct conn *c)
{
	if (c->status & IPS_ASSURED)
		return;
	c->status |= IPS_ASSURED;
	c->epoch++;
	conn_event_due(c);
}

/* ---- UDP ---- */

static bool udp_valid(struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook)
{
	uint32_t len = pkt_l4_len(pkt), said;

	if (len < sizeof(struct udphdr)) {
		conn_log_invalid(t, pkt, hook, "short packet ");
		return false;
	}
	said = get_u16(pkt_l4(pkt) + 4);	/* UDP-Lite: how much the checksum covers, 0 for all */
	if (pkt->proto == IPPROTO_UDPLITE && said == 0)
		said = len;
	if (said > len || said < sizeof(struct udphdr)) {
		conn_log_invalid(t, pkt, hook, "truncated/malformed packet ");
		return false;
	}
	if (pkt->proto == IPPROTO_UDPLITE && !get_u16(pkt_l4(pkt) + 6)) {
		conn_log_invalid(t, pkt, hook, "checksum missing ");
		return false;
	}
	/* one without is good over IPv6 too: whom it is for may know better */
	if (get_u16(pkt_l4(pkt) + 6) && (pkt->proto == IPPROTO_UDPLITE ? udplite_bad : checksum_bad)(t, pkt, hook)) {
		conn_log_invalid(t, pkt, hook, "bad checksum ");
		return false;
	}
	return true;
}

enum ct_track ct_udp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	bool stream;

	if (!udp_valid(t, pkt, hook))
		return CT_TRACK_INVALID;
	if (!(c->status & IPS_CONFIRMED))
		c->proto.udp.stream_ms = table_now(t) + UDP_STREAM_MS;
	stream = (c->status & IPS_SEEN_REPLY) && table_now(t) > c->proto.udp.stream_ms;
	conn_refresh(t, c, pkt, stream ? t->conf->udp_stream : t->conf->udp);
	if (stream)
		assure(c);
	return CT_TRACK_OK;
}

/* ---- ICMP ---- */

static bool icmp_may_begin(const struct tuple *orig)
{
	uint8_t type = (uint8_t)(ntohs(orig->dport) >> 8);

	if (orig->proto == IPPROTO_ICMPV6)
		return type == 128 || type == 139;	/* echo request, node information query */
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP || type == ICMP_INFO_REQUEST || type == ICMP_ADDRESS;
}

enum ct_track ct_icmp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	if (!(c->status & IPS_CONFIRMED) && !icmp_may_begin(&c->tuple[IP_CT_DIR_ORIGINAL])) {
		conn_log_invalid(t, pkt, hook, "can't create a new CT with type %u ", ntohs(c->tuple[IP_CT_DIR_ORIGINAL].dport) >> 8);
		return CT_TRACK_INVALID;
	}
	conn_refresh(t, c, pkt, pkt->proto == IPPROTO_ICMP ? t->conf->icmp : t->conf->icmpv6);
	return CT_TRACK_OK;
}

/* An error about a packet goes against that packet's direction, so it belongs where the inverted quote does */
static enum ct_track relate(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook)
{
	struct tuple quoted, against;
	union inet_addr dst = pkt_dst(pkt);
	struct conn *c;
	int dir;

	if (pkt_l4_len(pkt) < 8 ||
	    tuple_of_bytes(pkt->family, pkt_l4(pkt) + 8, pkt_l4_len(pkt) - 8, 0, &quoted) < 0 || tuple_invert(&quoted, &against) < 0)
		return CT_TRACK_INVALID;
	c = ct_find_zoned(t, &against, pkt->ct_zone, &dir);
	if (!c)
		return CT_TRACK_INVALID;
	/* to nobody but the end that sent what is quoted */
	if (!addr_eq(&dst, &c->tuple[dir].dst)) {
		struct sbuf said = SBUF_INIT;

		sbuf_puts(&said, "outer daddr ");
		addr_put_kernel(&said, pkt->family, &dst);
		sbuf_puts(&said, " != inner ");
		addr_put_kernel(&said, pkt->family, &c->tuple[dir].dst);
		conn_log_invalid(t, pkt, hook, "%s ", sbuf_str(&said));
		sbuf_free(&said);
		return CT_TRACK_INVALID;
	}
	pkt->ct = c;
	pkt->ctinfo = dir == IP_CT_DIR_REPLY ? IP_CT_RELATED_REPLY : IP_CT_RELATED;
	return CT_TRACK_OK;
}

static bool icmp4_is_error(uint8_t type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

/* Multicast listeners, routers and neighbours talk without connections */
static bool icmp6_is_untracked(uint8_t type)
{
	return (type >= 130 && type <= 136) || type == 143;
}

enum ct_track ct_icmp_error(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook)
{
	uint8_t type;

	if ((pkt->flags & (PKT_LATER_FRAG | PKT_L4_CUT)) || pkt_l4_len(pkt) < 8) {
		conn_log_invalid(t, pkt, hook, "short packet ");
		return CT_TRACK_INVALID;
	}
	if (checksum_bad(t, pkt, hook)) {
		conn_log_invalid(t, pkt, hook, "bad hw icmp checksum ");
		return CT_TRACK_INVALID;
	}
	type = *pkt_l4(pkt);
	if (pkt->family == AF_INET6) {
		if (icmp6_is_untracked(type)) {
			pkt->flags |= PKT_UNTRACKED;
			return CT_TRACK_OK;
		}
		return type < 128 ? relate(t, pkt, hook) : CT_TRACK_OK;
	}
	if (type > NR_ICMP_TYPES) {
		conn_log_invalid(t, pkt, hook, "invalid icmp type ");
		return CT_TRACK_INVALID;
	}
	return icmp4_is_error(type) ? relate(t, pkt, hook) : CT_TRACK_OK;
}

/* ---- the others ---- */

enum ct_track ct_gre_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	if (c->status & IPS_SEEN_REPLY) {
		conn_refresh(t, c, pkt, t->conf->gre_stream);
		assure(c);
	} else {
		conn_refresh(t, c, pkt, t->conf->gre);
	}
	return CT_TRACK_OK;
}

enum ct_track ct_generic_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	conn_refresh(t, c, pkt, t->conf->generic);
	return CT_TRACK_OK;
}
