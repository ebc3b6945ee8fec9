/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/trace.c - a traced packet and what rules said of it, as `nft monitor trace` writes them.
 *
 * Where it stands: on the way back from the packet path; monitor.c gets the events and calls this for each.
 *
 * Theory of operation: of each header some fields are shown, in an order of their own; what else the kernel hands over
 * (at most 40 bytes of the network header, 20 of the transport header) follows raw. The field that says which header
 * comes next is left out when that one is known.
 *
 * Invariants
 *  1. Nothing is read from behind the end of the packet, however short it is.
 *
 * Differs from Linux: D-155, the real tool ends when it sees AH or IPComp.
 *
 * References: nf_tables_trace.c in the kernel for what is handed over; nft 1.0.6's output in tests/golden/nft-trace.
 */
#include "front/nft/trace.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <string.h>

#include "front/nft/proto.h"

#define NETWORK_MAX 40
#define TRANSPORT_MAX 20

/* what is shown of a header: .next is the field that names the header behind, .raw where the rest begins, in bits */
struct shape {
	const struct nft_proto *proto;
	const char *field[9];
	const char *next;
	unsigned raw;
};

static const struct shape shapes[] = {
	{ &nft_proto_ether, { "saddr", "daddr", "type" }, "type", 112 },
	{ &nft_proto_vlan, { "pcp", "dei", "id", "type" }, "type", 32 },
	{ &nft_proto_arp, { "operation" }, NULL, 224 },
	{ &nft_proto_ip, { "saddr", "daddr", "dscp", "ecn", "ttl", "id", "protocol", "length" }, "protocol", 160 },
	{ &nft_proto_ip6, { "saddr", "daddr", "dscp", "ecn", "hoplimit", "flowlabel", "nexthdr", "length" }, "nexthdr", 320 },
	{ &nft_proto_icmp, { "type", "code", "id", "sequence" }, NULL, 64 },
	{ &nft_proto_icmpv6, { "type", "code", "parameter-problem" }, NULL, 64 },
	{ &nft_proto_igmp, { "type", "mrt" }, NULL, 16 },
	{ &nft_proto_tcp, { "sport", "dport", "flags", "window" }, NULL, 160 },
	{ &nft_proto_udp, { "sport", "dport", "length" }, NULL, 64 },
	{ &nft_proto_udplite, { "sport", "dport", "csumcov", "checksum" }, NULL, 64 },
	{ &nft_proto_sctp, { "sport", "dport", "vtag" }, NULL, 96 },
	{ &nft_proto_dccp, { "sport", "dport" }, NULL, 32 },
	{ &nft_proto_ah, { "nexthdr", "hdrlength", "spi", "sequence" }, NULL, 96 },
	{ &nft_proto_esp, { "spi", "sequence" }, NULL, 64 },
	{ &nft_proto_comp, { "nexthdr", "flags", "cpi" }, NULL, 32 },
};

static const struct shape *shape_of(const struct nft_proto *proto)
{
	for (size_t i = 0; proto && i < ARRAY_LEN(shapes); i++)
		if (shapes[i].proto == proto)
			return &shapes[i];
	return NULL;
}

/* ---- one header ---- */

struct header {
	const char *base;		/* of what is raw: "th" */
	const uint8_t *at;
	unsigned len;
};

static uint64_t bits_at(const uint8_t *b, unsigned offset, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = offset; i < offset + n; i++)
		v = v << 1 | (b[i / 8] >> (7 - i % 8) & 1);
	return v;
}

static void put_field(struct nft_ctx *x, const struct nft_proto *proto, const struct nft_field *f, const struct header *h,
		      struct sbuf *out)
{
	unsigned have = MIN((unsigned)f->len_bits, h->len * 8 - f->offset_bits);	/* what is cut off counts for nothing */
	struct nft_expr *v;

	if (f->len_bits > 64)
		v = have == f->len_bits ? nft_expr_value(NULL, f->type, h->at + f->offset_bits / 8, f->len_bits) : NULL;
	else
		v = nft_expr_num(NULL, f->type, bits_at(h->at, f->offset_bits, have), f->len_bits);
	if (!v)
		return;
	sbuf_printf(out, "%s %s ", proto->name, f->name);
	if (f->type == &nft_type_tcp_flag)
		sbuf_puts(out, "== ");
	if (f->type == &nft_type_tcp_flag && __builtin_popcountll(nft_expr_u64(v)) != 1)
		nft_number_print(v->value.bytes, 1, true, 0, out);
	else
		nft_print_expr(x, v, out);
	sbuf_putc(out, ' ');
	nft_expr_free(v);
}

static void put_raw(const struct header *h, unsigned from, struct sbuf *out)
{
	if (h->len * 8 <= from)
		return;
	sbuf_printf(out, "@%s,%u,%u ", h->base, from, h->len * 8 - from);
	nft_number_print(h->at + from / 8, h->len - from / 8, true, 0, out);
	sbuf_putc(out, ' ');
}

/* @known: the header behind is; NULL @s: nothing is known of this one */
static void put_header(struct nft_ctx *x, const struct shape *s, const struct header *h, bool known, struct sbuf *out)
{
	if (!s) {
		put_raw(h, 0, out);
		return;
	}
	for (unsigned i = 0; i < ARRAY_LEN(s->field) && s->field[i]; i++) {
		const struct nft_field *f = &s->proto->fields[nft_field_find(s->proto, s->field[i])];

		if (f->offset_bits < h->len * 8u && !(known && s->next && strcmp(s->next, f->name) == 0))
			put_field(x, s->proto, f, h, out);
	}
	put_raw(h, s->raw, out);
}

/* ---- all of them ---- */

/* what of the packet the kernel hands over */
struct layers {
	struct header ll, nh, th;
	uint8_t tag[4];			/* of a VLAN: number and what is behind */
	bool vlan;
	uint16_t type;			/* ETH_P_*, of .nh */
};

static void cut(const struct pkt *p, struct layers *l)
{
	uint32_t end = p->end;

	memset(l, 0, sizeof(*l));
	l->ll.base = "ll";
	l->nh.base = "nh";
	l->th.base = "th";
	l->type = ntohs(p->ethertype);
	if (p->l3 >= p->mac + ETH_HLEN)
		l->ll = (struct header){ "ll", p->buf + p->mac, ETH_HLEN };
	l->vlan = l->ll.len && p->flags & PKT_VLAN;
	memcpy(l->tag, &p->vlan_tci, 2);
	memcpy(l->tag + 2, &p->ethertype, 2);
	if (p->family) {
		bool later6 = p->family == AF_INET6 && p->flags & PKT_LATER_FRAG;
		uint32_t th = later6 ? p->l3 : MIN(p->l4, end);	/* it takes a later fragment's first bytes for the transport header */

		l->th.at = p->buf + th;
		l->th.len = MIN(end - th, (uint32_t)TRANSPORT_MAX);
		end = th;
	}
	l->nh.at = p->buf + p->l3;
	l->nh.len = MIN(end - p->l3, (uint32_t)NETWORK_MAX);
}

static const struct shape *network_of(const struct layers *l)
{
	const struct shape *s = l->nh.len ? shape_of(nft_proto_by_id(NFT_PAYLOAD_LL_HEADER, l->type)) : NULL;

	return s && s->proto->base == NFT_PAYLOAD_NETWORK_HEADER ? s : NULL;
}

static const struct shape *transport_of(const struct layers *l, const struct shape *nh)
{
	unsigned id;

	if (!nh || !nh->next || l->nh.len * 8 < nh->raw)
		return NULL;
	id = l->nh.at[nh->proto == &nft_proto_ip ? 9 : 6];
	return l->th.len ? shape_of(nft_proto_by_id(NFT_PAYLOAD_NETWORK_HEADER, id)) : NULL;
}

static void put_link(struct nft_ctx *x, const struct layers *l, bool ether, bool known, struct sbuf *out)
{
	const struct header tag = { "ll", l->tag, sizeof(l->tag) };

	if (!l->ll.len)
		return;
	put_header(x, ether ? shape_of(&nft_proto_ether) : NULL, &l->ll, known || l->vlan, out);
	if (l->vlan && ether)
		put_header(x, shape_of(&nft_proto_vlan), &tag, known, out);
}

void nft_trace_headers(struct nft_ctx *x, uint8_t family, const struct pkt *p, bool ether, struct sbuf *out)
{
	const struct shape *nh, *th;
	bool one_family = family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
	struct layers l;

	cut(p, &l);
	nh = network_of(&l);
	th = transport_of(&l, nh);
	put_link(x, &l, ether, nh, out);
	put_header(x, nh, &l.nh, one_family && th, out);
	put_header(x, th, &l.th, false, out);
}

/* ---- events ---- */

static void put_who(const struct trace_event *ev, struct sbuf *out)
{
	const struct table *t = ev->chain->table;

	sbuf_printf(out, "trace id %08x %s %s %s ", ev->id, nft_family_name(t->family), t->name, ev->chain->name);
}

static void put_link_name(const char *what, const struct link *l, struct sbuf *out)
{
	if (l)
		sbuf_printf(out, "%s \"%s\" ", what, l->name);
}

static void put_packet(struct nft_ctx *x, const struct trace_event *ev, struct sbuf *out)
{
	put_who(ev, out);
	sbuf_puts(out, "packet: ");
	put_link_name("iif", ev->in, out);
	put_link_name("oif", ev->out, out);
	nft_trace_headers(x, ev->chain->table->family, ev->pkt, !ev->in || ev->in->arphrd == ARPHRD_ETHER, out);
	sbuf_putc(out, '\n');
}

static void put_verdict(const struct trace_event *ev, struct sbuf *out)
{
	static const char *const names[] = {
		[IR_ACCEPT] = "accept", [IR_DROP] = "drop", [IR_RETURN] = "return", [IR_CONTINUE] = "continue", [IR_JUMP] = "jump",
		[IR_GOTO] = "goto", [IR_QUEUE] = "queue", [IR_STOLEN] = "stolen", [IR_BREAK] = "break",
	};

	sbuf_puts(out, names[ev->verdict]);
	if (ev->to)
		sbuf_printf(out, " %s", ev->to->name);
}

void nft_trace_event(struct nft_ctx *x, const struct trace_event *ev, const char *rule, struct sbuf *out)
{
	if (ev->first && ev->pkt)
		put_packet(x, ev, out);
	put_who(ev, out);
	if (ev->rule) {
		sbuf_printf(out, "rule %s (verdict ", rule);
		put_verdict(ev, out);
		sbuf_puts(out, ")\n");
		return;
	}
	sbuf_puts(out, "policy ");
	put_verdict(ev, out);
	sbuf_putc(out, ' ');
	if (ev->pkt->mark)
		sbuf_printf(out, "meta mark 0x%08x ", ev->pkt->mark);
	sbuf_putc(out, '\n');
}
