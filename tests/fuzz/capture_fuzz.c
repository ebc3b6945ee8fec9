/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture_fuzz - the input as a capture file, replayed through a gateway with NAT, what leaves written to another.
 */
#include <unistd.h>

#include "fuzz.h"
#include "replay/replay.h"

static const char setup[] =
	"ip addr add 10.0.1.1/24 dev eth0; ip addr add 10.0.2.1/24 dev eth1\n"
	"ip route add default via 10.0.2.2\n"
	"sysctl -q -w net.ipv4.ip_forward=1\n"
	"iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to 10.0.2.9:8080\n"
	"iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE\n"
	"iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP\n";

static void put_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	MUST(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/natbox-fuzz-XXXXXX", in[64], out[64], conf[64];
	static FILE *null;
	struct replay_opts o = { .setup = conf, .in = { { "eth0", in } }, .out = { { "eth1", out } }, .n_in = 1, .n_out = 1, .seed = 1, .verbose = true };
	struct sbuf text = SBUF_INIT;

	if (!null) {
		MUST(mkdtemp(dir));
		snprintf(in, sizeof(in), "%s/in", dir);
		snprintf(out, sizeof(out), "%s/out", dir);
		snprintf(conf, sizeof(conf), "%s/setup", dir);
		put_file(conf, setup, strlen(setup));
		null = fopen(getenv("FUZZ_VERBOSE") ? "/dev/stderr" : "/dev/null", "w");
		MUST(null);
	}
	put_file(in, data, size);
	MUST(replay_run(&o, &text, null) <= 2);
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%s", sbuf_str(&text));
	sbuf_free(&text);
	unlink(in);
	unlink(out);
	return 0;
}
