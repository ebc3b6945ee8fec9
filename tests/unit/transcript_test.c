/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/transcript and lab/match: taking lab files apart, matching output, writing files again; and lab/sim under them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "lab/sim.h"
#include "lab/transcript.h"

/* ---- matching ---- */

static const struct line_case {
	const char *want, *got;
	bool same;
} line_cases[] = {
	{ "a b", "a b", true },
	{ "a b", "a  b", false },
	{ "\\d+ ms (re)", "12 ms", true },
	{ "\\d+ ms (re)", "12 ms ", false },
	{ "\\d+ (re)", "x12", false },
	{ "a|ab (re)", "ab", true },
	{ "( (re)", "(", false },
	{ "a* [x] (glob)", "abc [x]", true },
	{ "a* [x] (glob)", "abc x", false },
	{ "? (glob)", "", false },
	{ "* (glob)", "", true },
	{ "*a*b (glob)", "xaxbxb", true },
	{ "a\\* (glob)", "a\\b", true },
	{ "(a+)+$ (re)", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false },
};

static void lines_match(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(line_cases); i++)
		if (match_line(line_cases[i].want, line_cases[i].got) != line_cases[i].same)
			fail_msg("%s against %s", line_cases[i].want, line_cases[i].got);
}

static size_t split(char *text, char **v)
{
	size_t n = 0;

	for (char *s = strtok(text, ","); s; s = strtok(NULL, ","))
		v[n++] = s;
	return n;
}

static const struct lines_case {
	const char *want, *got, *diff;		/* lines between commas; "" as diff: they match */
} lines_cases[] = {
	{ "", "", "" },
	{ "", "a", "+a\n" },
	{ "a", "", "-a\n" },
	{ "...", "", "" },
	{ "...", "a,b", "" },
	{ "a,...", "a", "" },
	{ "a,...,b", "a,x,y,b", "" },
	{ "a,...,b", "a,b", "" },
	{ "...,b,...", "a,b,b,c", "" },
	{ "...,b", "b,a,b", "" },
	{ "...,b", "b,a", " ...\n b\n+a\n" },
	{ "a,b,c", "a,c", " a\n-b\n c\n" },
	{ "a,c", "a,b,c", " a\n+b\n c\n" },
	{ "a,x,c", "a,y,c", " a\n-x\n+y\n c\n" },
	{ "...,[0-9] (re)", "a,b,7", "" },
	{ "a,...,b,...,c", "a,1,c,b,2", " a\n ...\n b\n ...\n-c\n" },
};

static void outputs_match(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(lines_cases); i++) {
		const struct lines_case *c = &lines_cases[i];
		char *want = strdup(c->want), *got = strdup(c->got), *w[16], *g[16];
		size_t nw = split(want, w), ng = split(got, g);
		struct sbuf diff = SBUF_INIT;

		assert_int_equal(match_lines(w, nw, g, ng), !*c->diff);
		match_diff(w, nw, g, ng, "", &diff);
		if (*c->diff)
			assert_string_equal(sbuf_str(&diff), c->diff);
		else
			assert_true(!strchr(sbuf_str(&diff), '+') && !strchr(sbuf_str(&diff), '-'));
		sbuf_free(&diff);
		free(want);
		free(got);
	}
}

/* ---- taking apart ---- */

static const char *const kinds[] = {
	[STEP_PROSE] = "prose", [STEP_RUN] = "run",   [STEP_OPEN] = "open", [STEP_STOP] = "stop",
	[STEP_SHOW] = "show",   [STEP_TYPE] = "type", [STEP_FILE] = "file", [STEP_END] = "end"
};

/* "run lab:ip a=2 " for each step but prose: host, terminal, text, expected lines */
static char *steps_of(const char *text, bool simulated)
{
	struct transcript *t = transcript_parse("f", text, strlen(text), simulated);
	struct sbuf s = SBUF_INIT;
	unsigned covered = 0;

	assert_non_null(t);
	if (t->error)
		sbuf_printf(&s, "%s", t->error);
	for (unsigned i = 0; i < t->n_steps && !t->error; i++) {
		const struct step *p = &t->steps[i];

		assert_true(p->first >= covered);
		covered = p->first + p->n + p->n_want;
		if (p->kind == STEP_PROSE)
			continue;
		sbuf_puts(&s, kinds[p->kind]);
		if (p->host)
			sbuf_printf(&s, " %s%s%s", p->host, p->term ? ":" : "", p->term ? p->term : "");
		if (p->text)
			sbuf_printf(&s, " <%s>", p->text);
		if (p->n_want)
			sbuf_printf(&s, "=%u", p->n_want);
		sbuf_putc(&s, ';');
	}
	transcript_free(t);
	return sbuf_steal(&s);
}

static const struct cut_case {
	const char *text, *steps;
	bool simulated;
} cut_cases[] = {
	{ "no blocks\n", "", true },
	{ "```console\nlab# ip a\n```\n", "run lab <ip a>;end;", true },
	{ "```console\nlab# ip a\nx\ny\n\n\n```\n", "run lab <ip a>=2;end;", true },
	{ "```console\nvm01$ a\n\nb\n```\n", "run vm01 <a>=2;end;", true },
	{ "```console\n[root@vm02 ~]# iptables -L\n[root@vm-3.x /etc]$ ls\n```\n",
	  "run vm02 <iptables -L>;run vm-3.x <ls>;end;", true },
	{ "```console\na:t# nc -l\na:t< hi there\na:t?\nhi\na:t^C\n...\n```\n",
	  "open a:t <nc -l>;type a:t <hi there>;show a:t=1;stop a:t=1;end;", true },
	{ "```console\na# x \\\n  y\nz\n```\n", "run a <x   y>=1;end;", true },
	{ "```console\na# cat <<END\n1\nEND\nout\n```\n", "run a <cat <<END\n1\nEND>=1;end;", true },
	{ "```console\na# cat <<'E_1' > f\n$x\nE_1\n```\n", "run a <cat <<'E_1' > f\n$x\nE_1>;end;", true },
	{ "```console\na# cat <<< x; echo $((1<<4)); echo '<<A'\n```\n",
	  "run a <cat <<< x; echo $((1<<4)); echo '<<A'>;end;", true },
	{ "```file vm01:/etc/x\nl1\nl2\n```\n", "file vm01 </etc/x>;", true },
	{ "```console sim\na# x\n```\n", "run a <x>;end;", true },
	{ "```console sim\na# x\n```\n", "", false },
	{ "```sh\na# x\n```\n\n```console\nb# y\n```\n", "run b <y>;end;", true },
	{ "```console\nout\nlab# x\n```\n", "f:2: output before any command: out", true },
	{ "```console\nlab# x\ntcp 6 a:b^D\n```\n", "run lab <x>=1;end;", true },
	{ "```console\nlab# x", "run lab <x>;", true },
	{ "```console\nlab# x <<END\nnever ends", "run lab <x <<END\nnever ends>;", true },
	{ "```console\nlab# x \\", "run lab <x \\>;", true },
	{ "```file a:/x", "file a </x>;", true },
};

static void files_are_cut(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cut_cases); i++) {
		char *s = steps_of(cut_cases[i].text, cut_cases[i].simulated);

		if (strcmp(s, cut_cases[i].steps) != 0)
			fail_msg("%s\nwant %s\ngot  %s", cut_cases[i].text, cut_cases[i].steps, s);
		mem_free(s);
	}
}

/* ---- running ---- */

static int run(const char *text, struct sbuf *updated, struct sbuf *report)
{
	struct transcript *t = transcript_parse("f.md", text, strlen(text), true);
	struct backend *b = sim_new(SIM_SEED, SIM_EPOCH_NS);
	char *said = NULL;
	size_t n = 0;
	struct transcript_opts o = { .keep_going = true, .report = open_memstream(&said, &n) };
	int result;

	assert_non_null(t);
	assert_non_null(b);
	result = transcript_run(t, b, &o, updated);
	fclose(o.report);
	if (report)
		sbuf_put(report, said, n);
	free(said);
	b->ops->free(b);
	transcript_free(t);
	return result;
}

static void written_again(void **state)
{
	static const char before[] = "# T\n```console\nlab# echo one\n[a-z]+ (re)\nlab# echo two; "
				     "false\n...\nthree\n\nlab# echo a; echo b\n...\n```\nend\n";
	static const char after[] = "# T\n```console\nlab# echo one\n[a-z]+ (re)\nlab# echo two; "
				    "false\ntwo\n[1]\n\nlab# echo a; echo b\n...\n```\nend\n";
	struct sbuf again = SBUF_INIT, more = SBUF_INIT;

	assert_int_equal(run(before, &again, NULL), 0);
	assert_string_equal(sbuf_str(&again), after);
	assert_int_equal(run(after, &more, NULL), 0);
	assert_string_equal(sbuf_str(&more), after);
	sbuf_free(&again);
	sbuf_free(&more);
}

static void differences_are_told(void **state)
{
	struct sbuf report = SBUF_INIT;

	assert_int_equal(
		run("```console\nlab# true\nlab# echo a\nb\nlab# echo c\nlab# false\n[1]\n```\n", NULL, &report), 2);
	assert_string_equal(sbuf_str(&report),
			    "f.md:3: lab# echo a\n  -b\n  +a\nf.md:5: lab# echo c\n  -(nothing)\n  +c\n");
	sbuf_free(&report);
}

/* what a lab may do without any network: the shell, files, terminals, time */
static const char good_lab[] =
	"```console\n"
	"lab# date +%s; sleep 100; date +%s\n1767603600\n1767603700\n"
	"lab# echo a > /tmp/f; cat /tmp/f; ls /tmp\na\nf\n"
	"lab# ip netns add h1; ip netns\nh1\n"
	"h1# cat /tmp/f; echo own > /etc/own; cat /etc/own\na\nown\n"
	"lab# cat /etc/own\ncat: /etc/own: No such file or directory\n[1]\n"
	"h2# true\nCannot open network namespace \"h2\": No such file or directory\n[255]\n"
	"h1:t# (sleep 1; echo hi; sleep 100; echo no) | cat\n"
	"h1# sleep 2\n"
	"h1:t?\nhi\n"
	"h1:t^C\nhi\n"
	"h1:u# while read l; do echo \"<$l>\"; done\n"
	"h1:u< one two\n"
	"h1:u?\n<one two>\n"
	"h1:u^C\n<one two>\n"
	"lab# for i in 1 2 3; do echo $i; done | tac | head -2\n3\n2\n"
	"lab# seq 5 | grep -v 3 | wc -l\n4\n"
	"lab# grep nosuch /tmp/f; echo $?\n1\n"
	"lab# sort /tmp/f /tmp/nosuch 2>&1\nsort: cannot read: /tmp/nosuch: No such file or directory\n[2]\n"
	"lab# awk 'BEGIN { print \"x\" > \"/tmp/natbox-must-not-write\" }' 2>/dev/null\n[2]\n"
	"lab# awk 'BEGIN { system(\"echo no\") }' 2>/dev/null | grep -c no\n0\n[1]\n"
	"lab# cat /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/ip_forward; cat "
	"/proc/sys/net/ipv4/ip_forward\n0\n1\n"
	"lab# sleep 1 & echo first; wait; echo last\nfirst\nlast\n"
	"lab# timeout 5 sleep 50; echo $?\n124\n"
	"lab# yes | head -1\ny\n"
	"lab# frobnicate\nbash: line 1: frobnicate: command not found\n[127]\n"
	"```\n"
	"```file h1:/etc/deep/er\nline\n```\n"
	"```console\nh1# cat /etc/deep/er\nline\n```\n";

static void simulated_hosts_work(void **state)
{
	struct sbuf report = SBUF_INIT;
	int n = run(good_lab, NULL, &report);

	if (n)
		fail_msg("%d: %s", n, sbuf_str(&report));
	sbuf_free(&report);
}

static void endless_commands_end(void **state)
{
	struct sbuf report = SBUF_INIT;

	assert_int_equal(run("```console\nlab# sleep 1000000\n```\n", NULL, &report), 1);
	assert_non_null(strstr(sbuf_str(&report), "the command has not ended after two hours"));
	sbuf_reset(&report);
	assert_int_equal(run("```console\nlab# x=1; while :; do x=$x$x; done\nbash: line 1: a word longer than 1048576 "
			     "bytes\n[1]\n```\n",
			     NULL, &report),
			 0);
	sbuf_reset(&report);
	assert_int_equal(run("```console\nlab:t# while :; do sleep 1; done\nlab:t^C\nlab:v?\n```\n", NULL, &report),
			 1);
	assert_non_null(strstr(sbuf_str(&report), "no terminal \"v\" is open on lab"));
	sbuf_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_match),
		cmocka_unit_test(outputs_match),
		cmocka_unit_test(files_are_cut),
		cmocka_unit_test(written_again),
		cmocka_unit_test(differences_are_told),
		cmocka_unit_test(simulated_hosts_work),
		cmocka_unit_test(endless_commands_end),
	};

	return cmocka_run_group_tests_name("transcript", tests, NULL, NULL);
}
