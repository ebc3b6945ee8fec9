/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - random rule sets and packets through the real tools and kernel and through natbox: is all the same?
 *
 *     random [-s SEED] [-n SETS] [-p PACKETS] [-j WORKERS] [-t nft|iptables|ip6tables]... [-k DIR] [-q]
 *     random -r FILE...		what natbox makes of kept cases, against what the kernel made of them: no root needed
 *     random -R FILE...		the same, with the kernel once more
 *     random -w FILE...		what the kernel makes of them is written into the files
 *     random -l -s SEED [-t TOOL]	prints the rule set of one seed
 *
 * Set number i of a run has the seed SEED + i, which alone decides its tool, rules and (where the kernel answers alike) packets. Compared are the status of
 * loading, each frame that comes out, the listing with all counters after the packets, and the connections. A difference is made smaller as long as the
 * same part still differs: packets, then lines, then words of lines go; what is left is written to DIR (-q: not made smaller).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/print.h"
#include "random.h"

#define TRIES 600		/* of making a difference smaller */

static const char *const tool_names[N_TOOLS] = { "nft", "iptables", "ip6tables" };
static const char *const part_names[N_PARTS] = { "status", "out a", "out b", "listing", "connections" };

struct totals {
	unsigned sets, refused, frames, bad;
};

static struct {
	uint64_t seed;
	unsigned sets, packets, workers;
	bool tool[N_TOOLS], quick, all_tools;
	const char *keep;
} opt = { .sets = 100, .packets = 100, .workers = 1 };

static struct totals *totals;
static struct kernel *kernel;

/* ---- cases as text ---- */

static void indent(FILE *f, const char *text)
{
	for (const char *at = text, *end; *at; at = end + (*end == '\n')) {
		end = strchrnul(at, '\n');
		fprintf(f, "\t%.*s\n", (int)(end - at), at);
	}
}

static void write_case(const char *path, const struct rcase *c, const struct outcome *o, const char *comment)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		return;
	}
	for (const char *at = comment, *end; *at; at = end + (*end == '\n')) {
		end = strchrnul(at, '\n');
		fprintf(f, "# %.*s\n", (int)(end - at), at);
	}
	fprintf(f, "rules %s\n", tool_names[c->tool]);
	indent(f, sbuf_str(&c->rules));
	fprintf(f, "packets\n");
	for (unsigned i = 0; i < c->in.n; i++) {
		fprintf(f, "\t%c ", 'a' + c->in.v[i].side);
		for (unsigned b = 0; b < c->in.v[i].len; b++)
			fprintf(f, "%02x", c->in.v[i].data[b]);
		putc('\n', f);
	}
	for (unsigned i = 0; i < N_PARTS; i++) {
		fprintf(f, "%s\n", part_names[i]);
		indent(f, sbuf_str(&o->part[i]));
	}
	fclose(f);
}

static void packet_line(struct rcase *c, const char *line)
{
	uint8_t b[1600];
	unsigned n = 0, v;

	for (const char *h = line + 2; n < sizeof(b) && sscanf(h, "%2x", &v) == 1; h += 2)
		b[n++] = (uint8_t)v;
	frames_add(&c->in, line[0] == 'b', b, n);
}

static bool read_case(const char *path, struct rcase *c, struct outcome *o, struct sbuf *comment)
{
	static char line[1 << 17];
	FILE *f = fopen(path, "r");
	struct sbuf *to = NULL;
	bool packets = false;

	*c = (struct rcase){ 0 };
	*o = (struct outcome){ 0 };
	if (!f) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#') {
			sbuf_puts(comment, line + 1 + (line[1] == ' '));
			continue;
		}
		if (line[0] == '\t') {
			if (packets)
				packet_line(c, line + 1);
			else if (to)
				sbuf_puts(to, line + 1);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		packets = strcmp(line, "packets") == 0;
		to = NULL;
		for (unsigned i = 0; i < N_PARTS; i++)
			if (strcmp(line, part_names[i]) == 0)
				to = &o->part[i];
		for (unsigned i = 0; i < N_TOOLS; i++)
			if (strncmp(line, "rules ", 6) == 0 && strcmp(line + 6, tool_names[i]) == 0) {
				c->tool = (enum tool)i;
				to = &c->rules;
			}
	}
	fclose(f);
	return true;
}

static void case_free(struct rcase *c)
{
	sbuf_free(&c->rules);
	frames_free(&c->in);
}

/* ---- differences ---- */

/* the first part that differs, N_PARTS: none */
static unsigned differs(const struct outcome *k, const struct outcome *n)
{
	unsigned i = k->crashed ? N_PARTS : 0;

	while (i < N_PARTS && strcmp(sbuf_str(&k->part[i]), sbuf_str(&n->part[i])) == 0)
		i++;
	return i;
}

static void say_line(struct sbuf *out, const char *who, const char *line, size_t n, bool frame)
{
	struct print_opts o = { .n = 2, .v = 2, .t = 1, .e = true, .S = true };
	struct print_state *st;
	uint8_t b[1600];
	unsigned len = 0, v;

	sbuf_printf(out, "  %s: %.*s\n", who, (int)n, line);
	if (!frame)
		return;
	for (const char *h = line; h + 1 < line + n && len < sizeof(b) && sscanf(h, "%2x", &v) == 1; h += 2)
		b[len++] = (uint8_t)v;
	if (!len)
		return;
	st = print_state_new();
	sbuf_puts(out, "    ");
	print_packet(out, &o, st, &(struct print_rec){ .data = b, .caplen = len, .len = len });
	print_state_free(st);
}

/* what a tool said first */
static void say_some(struct sbuf *out, const char *said)
{
	for (unsigned i = 0; i < 6 && *said; i++) {
		size_t n = strcspn(said, "\n");

		sbuf_printf(out, "    %.*s\n", (int)n, said);
		said += n + !!said[n];
	}
}

/* the first line of part @i that is not the same */
static void describe(struct sbuf *out, unsigned i, const struct outcome *k, const struct outcome *n)
{
	const char *a = sbuf_str(&k->part[i]), *b = sbuf_str(&n->part[i]);
	bool frame = i == PART_OUT_A || i == PART_OUT_B;
	unsigned line = 1;

	for (;; line++) {
		size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");

		if (la != lb || memcmp(a, b, la) || (!a[la] && !b[lb])) {
			sbuf_printf(out, "%s, line %u:\n", part_names[i], line);
			say_line(out, "kernel", *a ? a : "nothing", *a ? la : 7, frame && *a);
			say_line(out, "natbox", *b ? b : "nothing", *b ? lb : 7, frame && *b);
			break;
		}
		a += la + !!a[la];
		b += lb + !!b[lb];
	}
	if (i == PART_STATUS) {
		say_some(out, sbuf_str(&k->said));
		say_some(out, sbuf_str(&n->said));
	}
}

/* ---- smaller ---- */

static unsigned tries;

/* does @c still differ in part @part, and in its loading as before? */
static bool still(struct rcase *c, unsigned part, const char *k_status)
{
	struct outcome k, n;
	bool yes;

	if (tries++ >= TRIES)
		return false;
	kernel_run(kernel, c, NULL, 0, &k);
	natbox_run_case(c, &n);
	yes = differs(&k, &n) == part && strcmp(sbuf_str(&k.part[PART_STATUS]), k_status) == 0;
	outcome_free(&k);
	outcome_free(&n);
	return yes;
}

static void fewer_packets(struct rcase *c, unsigned part, const char *status)
{
	for (unsigned len = c->in.n ? c->in.n : 0; len; len /= 2)
		for (unsigned at = 0; at < c->in.n;) {
			struct rcase less = { .tool = c->tool, .rules = c->rules };

			for (unsigned i = 0; i < c->in.n; i++)
				if (i < at || i >= at + len)
					frames_add(&less.in, c->in.v[i].side, c->in.v[i].data, c->in.v[i].len);
			if (still(&less, part, status)) {
				frames_free(&c->in);
				c->in = less.in;
			} else {
				frames_free(&less.in);
				at += len;
			}
		}
}

/* pieces of the rules that end with one of @ends go, @len at a time */
static void fewer_pieces(struct rcase *c, unsigned part, const char *status, const char *ends, unsigned most)
{
	for (unsigned len = most; len; len /= 2)
		for (size_t at = 0; at < c->rules.len && tries < TRIES;) {
			const char *text = sbuf_str(&c->rules);
			size_t to = at, next = at + strcspn(text + at, ends) + 1;
			struct rcase less = { .tool = c->tool, .in = c->in };

			for (unsigned i = 0; i < len && to < c->rules.len; i++)
				to += strcspn(text + to, ends) + 1;
			if (to > c->rules.len)
				to = c->rules.len;
			sbuf_put(&less.rules, text, at);
			sbuf_puts(&less.rules, text + to);
			/* never the end of a line: lines have gone before */
			if ((*ends == '\n' || !memchr(text + at, '\n', to - at)) && still(&less, part, status)) {
				sbuf_free(&c->rules);
				c->rules = less.rules;
			} else {
				sbuf_free(&less.rules);
				at = next;
			}
		}
}

static unsigned count_lines(const struct sbuf *s)
{
	unsigned n = 0;

	for (const char *p = sbuf_str(s); *p; p++)
		n += *p == '\n';
	return n;
}

static void smaller(struct rcase *c, unsigned part, const char *status)
{
	tries = 0;
	if (part != PART_STATUS)
		fewer_packets(c, part, status);
	else
		frames_free(&c->in);
	fewer_pieces(c, part, status, "\n", count_lines(&c->rules) / 2 + 1);
	fewer_packets(c, part, status);
	fewer_pieces(c, part, status, " \n", 8);
	fewer_pieces(c, part, status, "\n", 1);
}

/* ---- a run ---- */

static enum tool draw_tool(struct rng *r)
{
	enum tool t;

	do
		t = (enum tool)below(r, N_TOOLS);
	while (!opt.all_tools && !opt.tool[t]);
	return t;
}

static void generate(uint64_t seed, struct rng *r, struct rcase *c)
{
	*c = (struct rcase){ 0 };
	rng_seed(r, seed);
	c->tool = draw_tool(r);
	if (c->tool == TOOL_NFT)
		gen_nft(r, &c->rules);
	else
		gen_xt(r, c->tool == TOOL_IP6TABLES, &c->rules);
}

static void failed(uint64_t seed, struct rcase *c, unsigned part, struct outcome *k, struct outcome *n)
{
	struct sbuf why = SBUF_INIT;
	char *status = strdup(sbuf_str(&k->part[PART_STATUS])), path[4096];

	__atomic_add_fetch(&totals->bad, 1, __ATOMIC_RELAXED);
	if (!opt.quick) {
		smaller(c, part, status);
		outcome_free(k);
		outcome_free(n);
		kernel_run(kernel, c, NULL, 0, k);
		natbox_run_case(c, n);
		part = differs(k, n);
	}
	sbuf_printf(&why, "seed %llu, %s: ", (unsigned long long)seed, tool_names[c->tool]);
	if (part < N_PARTS)
		describe(&why, part, k, n);
	else
		sbuf_puts(&why, "not the same when tried again\n");
	snprintf(path, sizeof(path), "%s/%llu", opt.keep, (unsigned long long)seed);
	if (opt.keep)
		write_case(path, c, k, sbuf_str(&why));
	if (!opt.quick)
		sbuf_printf(&why, "%s", sbuf_str(&c->rules));
	printf("DIFFERENT %s", sbuf_str(&why));
	fflush(stdout);
	sbuf_free(&why);
	free(status);
}

/*
 * leave out the lines that the kernel's tool complains about; false: it names none. What the kernel finds wrong with one rule it says of all that follow, so
 * that only the first line goes then.
 */
static bool without_refused(struct rcase *c, const char *said)
{
	static const char *const before[] = { "/dev/stdin:", "line ", "line: " };
	struct sbuf rest = SBUF_INIT;
	unsigned skip = 0, line = c->tool == TOOL_NFT ? 2 : 1;		/* the first is `flush ruleset` there */
	bool gone = false;

	for (const char *at = sbuf_str(&c->rules), *end; *at; at = end + (*end == '\n'), line++) {
		bool named = false;

		end = strchrnul(at, '\n');
		for (unsigned i = 0; i < ARRAY_LEN(before); i++)
			for (const char *w = said; (w = strstr(w, before[i])) && !named; w++)
				named = sscanf(w + strlen(before[i]), "%u", &skip) == 1 && skip == line;
		named &= !(gone && strstr(said, "Could not process"));
		if (!named)
			sbuf_printf(&rest, "%.*s\n", (int)(end - at), at);
		gone |= named;
	}
	sbuf_free(&c->rules);
	c->rules = rest;
	return gone;
}

static void one(uint64_t seed)
{
	unsigned again = 0;
	struct outcome k, n;
	struct rcase c;
	struct rng r;
	unsigned part;

	generate(seed, &r, &c);
	for (;;) {
		kernel_run(kernel, &c, &r, opt.packets, &k);
		natbox_run_case(&c, &n);
		part = differs(&k, &n);
		if (part < N_PARTS || strcmp(sbuf_str(&k.part[PART_STATUS]), "0\n") == 0 || again++ > 20 || !without_refused(&c, sbuf_str(&k.said)))
			break;
		outcome_free(&k);
		outcome_free(&n);
	}
	__atomic_add_fetch(&totals->sets, 1, __ATOMIC_RELAXED);
	if (strcmp(sbuf_str(&k.part[PART_STATUS]), "0\n"))
		__atomic_add_fetch(&totals->refused, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&totals->frames, count_lines(&k.part[PART_OUT_A]) + count_lines(&k.part[PART_OUT_B]), __ATOMIC_RELAXED);
	if (part < N_PARTS)
		failed(seed, &c, part, &k, &n);
	outcome_free(&k);
	outcome_free(&n);
	case_free(&c);
}

static int run(void)
{
	int bad = 0, status;

	printf("SEED=%llu\n", (unsigned long long)opt.seed);
	fflush(stdout);
	for (unsigned w = 0; w < opt.workers; w++) {
		if (fork())
			continue;
		kernel = kernel_open();
		if (!kernel)
			_exit(77);
		for (unsigned i = w; i < opt.sets; i += opt.workers)
			one(opt.seed + i);
		_exit(0);
	}
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			bad = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (bad == 77) {
		printf("no network namespaces here\n");
		return 77;
	}
	printf("%u rule sets of %u packets: %u were refused by the kernel, %u frames came out, %u sets differ\n", totals->sets, opt.packets, totals->refused,
	       totals->frames, totals->bad);
	return bad || totals->bad || totals->sets != opt.sets;
}

/* ---- kept cases ---- */

static int kept(char mode, const char *path)
{
	struct sbuf comment = SBUF_INIT, why = SBUF_INIT;
	struct outcome stored, k, n;
	struct rcase c;
	unsigned part;
	int bad = 0;

	if (!read_case(path, &c, &stored, &comment))
		return 1;
	if (mode != 'r') {
		kernel_run(kernel, &c, NULL, 0, &k);
		part = differs(&k, &stored);
		if (mode == 'w') {
			write_case(path, &c, &k, sbuf_str(&comment));
		} else if (part < N_PARTS) {
			describe(&why, part, &k, &stored);
			printf("%s: the kernel is not what it was: %s", path, sbuf_str(&why));
			bad = 1;
		}
		outcome_free(&k);
	}
	if (mode != 'w') {
		natbox_run_case(&c, &n);
		part = differs(&stored, &n);
		sbuf_reset(&why);
		if (part < N_PARTS) {
			describe(&why, part, &stored, &n);
			printf("%s: %s", path, sbuf_str(&why));
			bad = 1;
		}
		outcome_free(&n);
	}
	outcome_free(&stored);
	case_free(&c);
	sbuf_free(&comment);
	sbuf_free(&why);
	return bad;
}

static int kept_all(char mode, char **paths)
{
	unsigned n = 0, bad = 0;

	if (mode != 'r' && !(kernel = kernel_open())) {
		printf("no network namespaces here\n");
		return 77;
	}
	for (; *paths; paths++, n++)
		bad += (unsigned)kept(mode, *paths);
	printf("%u cases, %u differ\n", n, bad);
	return bad > 0;
}

static void print_one(void)
{
	struct rcase c;
	struct rng r;

	generate(opt.seed, &r, &c);
	printf("# %s\n%s", tool_names[c.tool], sbuf_str(&c.rules));
	case_free(&c);
}

int main(int argc, char **argv)
{
	char mode = 'n';
	int ch;

	opt.seed = (uint64_t)time(NULL) * 100000;
	opt.all_tools = true;
	while ((ch = getopt(argc, argv, "s:n:p:j:t:k:qrRwl")) > 0) {
		switch (ch) {
		case 's': opt.seed = strtoull(optarg, NULL, 0); break;
		case 'n': opt.sets = (unsigned)atoi(optarg); break;
		case 'p': opt.packets = (unsigned)atoi(optarg); break;
		case 'j': opt.workers = (unsigned)atoi(optarg); break;
		case 'k': opt.keep = optarg; break;
		case 'q': opt.quick = true; break;
		case 't':
			opt.all_tools = false;
			for (unsigned i = 0; i < N_TOOLS; i++)
				opt.tool[i] |= strcmp(optarg, tool_names[i]) == 0;
			break;
		case 'r': case 'R': case 'w': case 'l': mode = (char)ch; break;
		default:
			fprintf(stderr, "usage: random [-s SEED] [-n SETS] [-p PACKETS] [-j WORKERS] [-t TOOL]... [-k DIR] [-q] | -r|-R|-w FILE...\n");
			return 2;
		}
	}
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (opt.keep)
		mkdir(opt.keep, 0777);
	if (mode == 'l') {
		print_one();
		return 0;
	}
	return mode == 'n' ? run() : kept_all(mode, argv + optind);
}
