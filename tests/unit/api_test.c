/* SPDX-License-Identifier: BSD-2-Clause */
/* libnatbox by its public header alone: a gateway that masquerades, asked with frames made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <natbox.h>

struct seen {
	char ifname[16];
	uint8_t frame[2048];
	size_t len;
	unsigned n;
	char text[4096];
};

static void on_transmit(void *ctx, const char *ifname, const void *frame, size_t len)
{
	struct seen *s = ctx;

	strncpy(s->ifname, ifname, sizeof(s->ifname) - 1);
	memcpy(s->frame, frame, len < sizeof(s->frame) ? len : sizeof(s->frame));
	s->len = len;
	s->n++;
}

static void on_print(void *ctx, const char *text, size_t len)
{
	struct seen *s = ctx;

	memcpy(s->text, text, len < sizeof(s->text) - 1 ? len : sizeof(s->text) - 1);
}

static const uint8_t mac_lan[6] = { 2, 0, 0, 0, 0, 1 }, mac_wan[6] = { 2, 0, 0, 0, 0, 2 }, host[6] = { 2, 0, 0, 0, 1, 1 }, peer[6] = { 2, 0, 0, 0, 1, 2 };

static uint16_t sum(const uint8_t *b, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)(b[i] << 8 | b[i + 1]);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* UDP without checksum, four bytes of payload */
static size_t udp(uint8_t *f, const uint8_t *dst, const uint8_t *src, const uint8_t ips[8], uint16_t sport, uint16_t dport)
{
	const uint8_t head[] = { 0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0 };
	uint16_t c;

	memset(f, 0, 46);
	memcpy(f, dst, 6);
	memcpy(f + 6, src, 6);
	f[12] = 8;
	memcpy(f + 14, head, 12);
	memcpy(f + 26, ips, 8);
	c = sum(f + 14, 20);
	f[24] = (uint8_t)(c >> 8);
	f[25] = (uint8_t)c;
	f[34] = (uint8_t)(sport >> 8), f[35] = (uint8_t)sport, f[36] = (uint8_t)(dport >> 8), f[37] = (uint8_t)dport, f[39] = 12;
	return 46;
}

static void masquerades(void **state)
{
	struct seen s = { .n = 0 };
	struct natbox *nb = natbox_new(&(struct natbox_config){ .seed = 1, .transmit = on_transmit, .ctx = &s });
	uint8_t f[64];
	size_t len;

	assert_non_null(nb);
	assert_int_equal(natbox_link(nb, "lan", mac_lan), 0);
	assert_int_equal(natbox_link(nb, "wan", mac_wan), 0);
	assert_int_not_equal(natbox_link(nb, "wan", mac_wan), 0);
	assert_int_equal(natbox_run(nb,
				    "ip addr add 192.168.1.1/24 dev lan; ip addr add 203.0.113.2/24 dev wan\n"
				    "ip neigh add 203.0.113.9 lladdr 02:00:00:00:01:02 dev wan\n"
				    "ip neigh add 192.168.1.20 lladdr 02:00:00:00:01:01 dev lan\n"
				    "sysctl -qw net.ipv4.ip_forward=1\n"
				    "iptables -t nat -A POSTROUTING -o wan -j MASQUERADE\n",
				    on_print, &s),
			 0);
	assert_string_equal(s.text, "");
	len = udp(f, mac_lan, host, (uint8_t[]){ 192, 168, 1, 20, 203, 0, 113, 9 }, 4000, 53);
	assert_int_equal(natbox_receive(nb, "lan", f, len), 0);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.ifname, "wan");
	assert_memory_equal(s.frame, peer, 6);
	assert_memory_equal(s.frame + 26, ((uint8_t[]){ 203, 0, 113, 2, 203, 0, 113, 9 }), 8);
	assert_int_equal(s.frame[22], 63);
	assert_int_equal(sum(s.frame + 14, 20), 0);
	len = udp(f, mac_wan, peer, (uint8_t[]){ 203, 0, 113, 9, 203, 0, 113, 2 }, 53, 4000);
	assert_int_equal(natbox_receive(nb, "wan", f, len), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.ifname, "lan");
	assert_memory_equal(s.frame + 30, ((uint8_t[]){ 192, 168, 1, 20 }), 4);
	natbox_time(nb, 200000000000ull);
	assert_int_equal(natbox_run(nb, "conntrack -C", on_print, &s), 0);
	assert_string_equal(s.text, "0\n");
	assert_int_not_equal(natbox_run(nb, "iptables -A NOWHERE -j ACCEPT", on_print, &s), 0);
	natbox_free(nb);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(masquerades) };

	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
