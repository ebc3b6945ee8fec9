/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/act_bytes.c - what rules write into a packet: header fields, bytes at any place, TCP options.
 *
 * On the packet's way: beside act.c, which calls it for the statements that set something.
 *
 * Theory of operation: a header field has its own function where rules/field.h has a row for it; everything else is bytes
 * at a place, with the checksums that cover them brought up to date by the difference. A maximum segment size is only ever
 * lowered. What cannot be done, because the packet has no such place, ends the rule, not the packet; only an option that
 * does not fit its header, and is to be removed, drops the packet.
 *
 * Differences: D-27 (a checksum stays right where an option's value begins at an odd byte).
 *
 * References: the kernel's nft_payload.c, nft_exthdr.c, nft_meta.c, nft_ct.c.
 */
#include "path/private.h"

#include "base/buf.h"
#include "ct/ext.h"
#include "net/edit.h"
#include "net/parse.h"

/* ---- fields ---- */

/* labels are added to those that the connection has */
static void set_labels(struct netns *ns, struct conn *c, const uint8_t *val)
{
	uint8_t all[CT_LABELS_LEN];
	const uint8_t *old = ext_labels(c);

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = val[i] | (old ? old[i] : 0);
	ext_set_labels(ns->ct, c, all);
}

static void set_zone(struct pkt *p, enum field_id f, const uint8_t *val)
{
	uint16_t zone;

	memcpy(&zone, val, sizeof(zone));
	if (p->ct || (p->flags & PKT_CT_TEMPLATE))		/* too late */
		return;
	p->flags = (p->flags & ~PKT_UNTRACKED) | PKT_CT_TEMPLATE;	/* what notrack said is not heard any more */
	p->ct_zone[IP_CT_DIR_ORIGINAL] = f != FIELD_CT_REPL_ZONE ? zone : 0;
	p->ct_zone[IP_CT_DIR_REPLY] = f != FIELD_CT_ORIG_ZONE ? zone : 0;
}

static void set_of_conn(struct netns *ns, struct pkt *p, enum field_id f, const uint8_t *val)
{
	struct conn_ext *e;
	uint32_t v;

	if (!p->ct)
		return;
	memcpy(&v, val, sizeof(v));
	if (f == FIELD_CT_MARK) {
		ct_set_mark(ns->ct, p->ct, v);
	} else if (f == FIELD_CT_LABELS) {
		set_labels(ns, p->ct, val);
	} else if (f == FIELD_CT_SECMARK) {
		e = ext_get(ns->ct, p->ct);
		if (e)
			e->secmark = v;
	}
}

/* among the kinds that a frame has on arrival */
static void set_pkttype(struct pkt *p, uint8_t type)
{
	if (type <= PACKET_OTHERHOST && p->pkt_type <= PACKET_OTHERHOST)
		p->pkt_type = type;
}

void act_set_field(struct match_ctx *m, enum field_id f, const uint8_t *val)
{
	struct act_ctx *a = m->ctx;
	struct pkt *p = m->pkt;
	union inet_addr addr = { 0 };

	switch (f) {
	case FIELD_META_MARK:
		memcpy(&p->mark, val, 4);
		break;
	case FIELD_META_PRIORITY:
		memcpy(&p->priority, val, 4);
		break;
	case FIELD_META_SECMARK:
		memcpy(&p->secmark, val, 4);
		break;
	case FIELD_META_PKTTYPE:
		set_pkttype(p, *val);
		break;
	case FIELD_META_NFTRACE:
		p->flags = *val ? p->flags | PKT_TRACE : p->flags & ~(uint32_t)PKT_TRACE;
		break;
	case FIELD_CT_MARK:
	case FIELD_CT_LABELS:
	case FIELD_CT_SECMARK:
		set_of_conn(a->ns, p, f, val);
		break;
	case FIELD_CT_ZONE:
	case FIELD_CT_ORIG_ZONE:
	case FIELD_CT_REPL_ZONE:
		set_zone(p, f, val);
		break;
	case FIELD_IP_TOS:
	case FIELD_IP6_TCLASS:
		edit_dsfield(p, *val);
		break;
	case FIELD_IP_TTL:
	case FIELD_IP6_HOPLIMIT:
		edit_ttl(p, *val);
		break;
	case FIELD_IP_SADDR:
	case FIELD_IP6_SADDR:
	case FIELD_IP_DADDR:
	case FIELD_IP6_DADDR:
		memcpy(&addr, val, addr_len(p->family));
		edit_addr(p, f == FIELD_IP_SADDR || f == FIELD_IP6_SADDR ? EDIT_SRC : EDIT_DST, &addr);
		break;
	default:	/* CT_EVENTMASK (D-134); rules/field.h marks no other row writable, and compile.c refuses them */
		break;
	}
}

/* ---- bytes at a place ---- */

static unsigned sums_of(const struct pkt *p, const struct ir_stmt *s)
{
	unsigned sums = s->bytes.csum_l4 ? EDIT_SUM_PSEUDO : 0;

	if (s->bytes.raw)
		return 0;
	if (s->bytes.base == NFT_PAYLOAD_NETWORK_HEADER && p->family == AF_INET)
		sums |= EDIT_SUM_IP;
	if (s->bytes.base >= NFT_PAYLOAD_TRANSPORT_HEADER)
		sums |= EDIT_SUM_L4;
	return sums;
}

/* the tag of a VLAN frame is kept beside it: what is written there, or behind, finds its place */
static bool set_tagged(struct pkt *p, unsigned at, const uint8_t *val, unsigned len)
{
	for (unsigned i = 0; i < len; i++, at++) {
		if (at >= 2 * ETH_ALEN + 2 && at < 2 * ETH_ALEN + 4)
			((uint8_t *)&p->vlan_tci)[at - 2 * ETH_ALEN - 2] = val[i];
		else if (at >= 2 * ETH_ALEN + 4 && p->mac + at - 4 < p->end)
			p->buf[p->mac + at - 4] = val[i];
		else if (at >= 2 * ETH_ALEN)
			return false;
		else
			p->buf[p->mac + at] = val[i];
	}
	return true;
}

static enum ir_verdict set_payload(struct match_ctx *m, const struct ir_stmt *s, const uint8_t *val)
{
	struct pkt *p = m->pkt;
	int base = field_payload_base(m, s->bytes.base);
	uint32_t at;

	if (base < 0)
		return IR_BREAK;
	if (s->bytes.base == NFT_PAYLOAD_LL_HEADER && p->flags & PKT_VLAN && s->bytes.offset + s->bytes.len > 2 * ETH_ALEN)
		return set_tagged(p, s->bytes.offset, val, s->bytes.len) ? IR_CONTINUE : IR_BREAK;
	at = (uint32_t)base + s->bytes.offset;
	if (edit_bytes(p, at, val, s->bytes.len, sums_of(p, s)))
		return IR_BREAK;
	if (p->family == AF_INET && at <= p->l3 + 9 && at + s->bytes.len > p->l3 + 9)
		p->proto = pkt_ip4(p)->protocol;
	return IR_CONTINUE;
}

/* ---- TCP options ---- */

static enum ir_verdict set_option(struct match_ctx *m, const struct ir_stmt *s, const uint8_t *val)
{
	struct pkt *p = m->pkt;
	unsigned len;
	int at;

	if (!field_tcp_header(m))
		return IR_BREAK;
	at = field_tcp_option(m, s->bytes.tcpopt, &len);
	if (at == FIELD_NO_OPTION)
		return IR_CONTINUE;
	if (at < 0 || s->bytes.offset + s->bytes.len > len)
		return IR_BREAK;
	at += s->bytes.offset;
	if (s->bytes.tcpopt == TCP_OPT_MSS && s->bytes.len == 2 && get_u16(p->buf + at) <= get_u16(val))
		return IR_CONTINUE;
	return edit_bytes(p, (uint32_t)at, val, s->bytes.len, EDIT_SUM_L4) ? IR_BREAK : IR_CONTINUE;
}

static enum ir_verdict strip_option(struct match_ctx *m, const struct ir_stmt *s)
{
	static const uint8_t nops[40] = { [0 ... 39] = TCP_OPT_NOP };
	unsigned len;
	int at;

	if (!field_tcp_header(m))
		return IR_BREAK;
	at = field_tcp_option(m, s->bytes.tcpopt, &len);
	if (at == FIELD_NO_OPTION)
		return IR_CONTINUE;
	if (at < 0)
		return IR_DROP;
	return edit_bytes(m->pkt, (uint32_t)at, nops, MIN(len, sizeof(nops)), EDIT_SUM_L4) ? IR_DROP : IR_CONTINUE;
}

enum ir_verdict act_set_bytes(struct match_ctx *m, const struct ir_stmt *s)
{
	uint8_t val[IR_VAL_MAX];

	if (!s->bytes.val)
		return strip_option(m, s);
	if (!vm_eval(m, s->bytes.val, val))
		return IR_BREAK;
	return s->bytes.tcpopt ? set_option(m, s, val) : set_payload(m, s, val);
}
