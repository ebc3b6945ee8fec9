/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell: command lines and what they print. The lines are also given to the machine's own bash where there is one, and the answers must be
 * the same, status included: see against_bash().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "front/shell.h"

struct place {
	struct sbuf out;
	char *file;			/* the one file, "f" */
	struct sbuf written;
};

static int place_exec(struct shell *sh, int argc, char **argv)
{
	char chunk[64];
	ssize_t n;

	if (strcmp(argv[0], "cat") == 0) {
		while ((n = stream_read(sh->fd[0], chunk, sizeof(chunk))) > 0)
			shell_write(sh, 1, chunk, (size_t)n);
		return 0;
	}
	if (strcmp(argv[0], "tac") == 0)
		return 3;
	return -ENOENT;
}

static int place_open(struct shell *sh, const char *path, char mode, struct stream **out)
{
	struct place *p = sh->ctx;

	if (strcmp(path, "f") != 0 && strcmp(path, "/tmp/f") != 0)
		return -ENOENT;
	if (mode == 'r') {
		*out = stream_from_bytes(sbuf_str(&p->written), p->written.len);
	} else {
		if (mode == 'w')
			sbuf_reset(&p->written);
		*out = stream_to_sbuf(&p->written);
	}
	return *out ? 0 : -ENOMEM;
}

static const struct shell_ops place_ops = { .exec = place_exec, .open = place_open };

static int run(struct place *p, const char *text)
{
	char *env[] = { "HOME=/root", "PATH=/usr/bin:/bin", NULL };
	struct shell *sh = shell_new(&place_ops, p, env, "/");
	struct stream *out = stream_to_sbuf(&p->out), *in = stream_null();
	struct stream *fd[3] = { in, out, out };
	int status;

	shell_set_fds(sh, fd);
	status = shell_run(sh, text);
	shell_free(sh);
	stream_put(out);
	stream_put(in);
	return status;
}

/* lines that mean the same to bash, here and everywhere */
static const char *const lines[] = {
	"", "# only a comment", "echo", "echo a b  c", "echo 'a  b' \"c  d\" e\\ f", "echo a;echo b", "echo a && echo b || echo c", "false && echo b || echo c",
	"! true; echo $?", "! false | true; echo $?", "echo a | cat | cat", "echo \"x'y\" 'x\"y'", "x=1; echo $x ${x} \"$x\" '$x'", "x='a  b'; echo $x; echo \"$x\"",
	"echo ${x:-d} ${x-d} ${x:+y}; x=; echo ${x:-d} [${x-d}] [${x:+y}]; x=1; echo ${x:-d} ${x:+y}", "echo ${y:=new} $y", "x=abc; echo ${#x} ${x:1} ${x:1:1} ${x: -1}",
	"x=a.b.c; echo ${x#*.} ${x##*.} ${x%.*} ${x%%.*}", "x=a-b-c; echo ${x/-/+} ${x//-/+} ${x//b}", "echo $((1+2*3)) $(( (1+2)*3 )) $((7/2)) $((-7%3)) $((2**10))",
	"echo $((1<2)) $((1?2:3)) $((0||1)) $((5&3)) $((5|3)) $((1<<4)) $((~0)) $((!5))", "x=5; echo $((x+1)) $((x++)) $x $((++x)) $((x+=2)) $x", "echo $((0x10)) $((010)) $((2#101))",
	"echo $((1/0))", "echo $((1+)); echo no", "echo $((08))", "(( 3 > 2 )); echo $?; (( 0 )); echo $?", "x=$(echo a; echo b); echo \"$x\"; echo $x", "echo `echo a` \"`echo b c`\"",
	"echo $(echo $(echo deep))", "echo \"$(echo \"a  b\")\"", "echo `echo \\`echo in\\``", "x=$(false); echo $?", "x=$(exit 7)", "if true; then echo y; fi", "if false; then echo y; else echo n; fi",
	"if false; then echo 1; elif true; then echo 2; else echo 3; fi", "for i in 1 2 3; do echo $i; done", "for i in a 'b c'; do echo \"<$i>\"; done", "for i in; do echo $i; done; echo $?",
	"i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done", "i=3; until [ $i = 0 ]; do i=$((i-1)); done; echo $i", "for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done",
	"for i in 1 2 3; do for j in 1 2; do [ $j = 2 ] && continue 2; echo $i$j; done; done", "while true; do break; done; echo $?", "for i in 1 2; do while :; do break 2; done; echo no; done; echo end",
	"case abc in a*) echo 1;; *) echo 2;; esac", "case x in a|x) echo ax;; esac", "case '*' in \\*) echo star;; esac", "case x in y) echo;; esac; echo $?", "case a in (a) echo p;; esac",
	"f() { echo f $1 $#; return 3; }; f a b; echo $?", "function g { local x=2; echo $x; }; x=1; g; echo $x", "f() { echo \"$@\"; for i in \"$@\"; do echo \"[$i]\"; done; }; f 'a b' c",
	"(echo a; exit 4); echo $?", "{ echo a; echo b; } | cat", "x=1; (x=2; echo $x); echo $x", "exit 3", "exit 300", "(exit 5) || echo $?", "set -- a b c; echo $2 $#; shift; echo $1 $*",
	"cat <<END\na $((1+1)) `echo q`\nb\nEND", "x=1; cat <<END\n$x \\$x \"$x\"\nEND", "cat <<'END'\n$x `echo`\nEND", "cat <<-END\n\ta\n\t\tb\n\tEND", "cat <<A; cat <<B\n1\nA\n2\nB",
	"cat <<< 'here string'", "cat <<< $((6*7))", "cat <<END | cat\nx\nEND\necho after", "echo a{1,2}b {1..4} {a..c} {3..1} {01..03} x{a,b}{1,2}", "echo {a} {a,b", "echo '{1,2}' \"{1,2}\"",
	"echo a\\\nb", "echo a; # b\necho c", "echo a#b", "echo $'a\\tb\\x41\\101'", "echo -n a; echo -e 'b\\tc\\0101\\n'; echo -E 'x\\n'; echo -x", "printf '%s %d\\n' a 1 b 2", "printf '%05.1s|%-5s|%3d|%x\\n' abc de 7 255",
	"printf '%b' 'a\\nb\\n'", "printf 'x%%y\\n'", "printf '%d\\n' abc", "[ a = a ]; echo $?; [ a != a ]; echo $?; [ -n '' ]; echo $?; [ -z '' ]; echo $?; [ '' ]; echo $?", "[ 1 -eq 1 -a 2 -gt 1 ]; echo $?",
	"[ ! a = b ]; echo $?", "[ \\( 1 -eq 2 -o 3 -eq 3 \\) ]; echo $?", "test 1 -lt 2 && echo lt", "[ 1 -eq a ]", "[ a b ]", "[ a", "[ a b c ]", "[[ abc == a* ]]; echo $?; [[ a == 'a*' ]]; echo $?; [[ a = a && ! b = c ]]; echo $?",
	"[[ -z '' ]] && echo empty", "nosuch arg", "nosuch; echo $?", "echo )", "if true; then echo x", "echo \"abc", "echo 'abc", "foo | | bar", "for", "a &&", "; echo", "{ echo a", "case x in", "echo `foo", "echo $(echo a",
	"while true; do break; done; done", "fi", "echo ${x!}", "echo ${x:?gone}; echo no", "x=1; echo ${x:?gone}", "echo hello >&2", "echo a 2>&1 | cat", "nosuch 2>/dev/null; echo $?", "nosuch 2>&1 | cat", "echo a >/dev/null",
	"echo b &>/dev/null; echo c >& /dev/null; echo d", "echo a > /nonexistent/x; echo $?", "cat < /nonexistent/x; echo $?", "echo x > $(echo 'a b')", "echo >&7", "exec 3>&1; echo three >&3", "exec 2>&1; nosuch", "{ echo a; nosuch; } 2>/dev/null",
	"echo a | { read x; echo got $x; }", "printf '1 2 3\\nb\\n' | { read x y; echo \"$x|$y\"; read z; echo $z; read q; echo $?; }", "x=1 y=2; echo $x$y", "X=5 eval 'echo $X'; echo [$X]", "eval \"echo a; echo b\"", "export A=1; env | cat >/dev/null; echo $A",
	"unset HOME; echo [$HOME]", "echo ~ ~/x", "x=~/y; echo $x", "break", "return", "exit abc", "shift 5; echo $?", "export 1a=3", "set -e; false; echo no", "set -e; if false; then :; fi; false || true; echo yes; (exit 2)", "set -u; echo $nope; echo no",
	"set -o pipefail; false | true; echo $?", "set -x; echo a 'b c'", "false; echo $?; true; echo $?", "sh -c 'echo $0 $1' name arg", "bash -c 'exit 4'; echo $?", "sh -c 'echo a; nosuch' 2>/dev/null; echo $?", "echo 'echo in; exit 2' | sh; echo $?",
	"command echo a", "x=a; x+=b; echo $x", "echo $#; echo \"$*\"", "echo a'b'\"c\"$((1))`echo d`", "echo \"a\\\"b\\$c\\\\d\\e\"", "echo a&&echo b", "echo a||echo b;echo c", "(echo a)", "( (echo nested) )", "if (true) then echo p; fi",
	"i=0; while :; do i=$((i+1)); [ $i -ge 5 ] && break; done; echo $i", "f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3", "x=\"a b\"; for w in $x; do echo $w; done", "echo ${x:-a b} \"${x:-a  b}\" ${x:-\"q  r\"}", "echo \"${x:-'s'}\"",
	"echo $1 $2 end", "echo \\a \\\\ \\$x", "y=2; x=$y$y; echo $x", "echo a=b", "A=1 true; echo [$A]", "1=2", "echo 'a'\\''b'", ": ${x:=5}; echo $x", "echo x{,y}z", "echo \"$(cat <<E\nin\nE\n)\"", "echo $(( 1 ? 2 : 1/0 ))", "! echo a",
};

static int bash(const char *line, struct sbuf *out)
{
	int fd[2], status;
	char chunk[512];
	ssize_t n;
	pid_t pid;

	if (pipe(fd) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		char *env[] = { "HOME=/root", "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };

		dup2(fd[1], 1);
		dup2(fd[1], 2);
		close(fd[0]);
		if (!freopen("/dev/null", "r", stdin))
			_exit(126);
		execle("/bin/bash", "bash", "-c", line, NULL, env);
		_exit(126);
	}
	close(fd[1]);
	while ((n = read(fd[0], chunk, sizeof(chunk))) > 0)
		sbuf_put(out, chunk, (size_t)n);
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void against_bash(void **state)
{
	if (access("/bin/bash", X_OK) != 0)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct place p = { 0 };
		struct sbuf want = SBUF_INIT;
		int status = run(&p, lines[i]), want_status = bash(lines[i], &want);

		if (status != want_status || strcmp(sbuf_str(&p.out), sbuf_str(&want)) != 0)
			fail_msg("%s\n-- bash [%d]\n%s-- natbox [%d]\n%s", lines[i], want_status, sbuf_str(&want), status, sbuf_str(&p.out));
		sbuf_free(&want);
		sbuf_free(&p.out);
	}
}

/* what differs from bash on purpose, or needs the place */
static const struct line {
	const char *text, *out;
	int status;
} own[] = {
	{ "true &", "bash: line 1: `&' is not supported here\n", 2 },
	{ "time echo a", "bash: line 1: time: not supported by this shell\n", 2 },
	{ "trap x EXIT", "bash: line 1: trap: not supported by this shell\n", 2 },
	{ "echo one > f; cat < f; echo two >> f; cat < f", "one\none\ntwo\n", 0 },
	{ "echo a | tac; echo $?", "3\n", 0 },
	{ "sudo echo a; sudo -n nosuch", "a\nbash: line 1: nosuch: command not found\n", 127 },
	{ "echo 'x=3; echo $x' > f; . f; echo $x", "3\n3\n", 0 },
	{ "echo \"echo \\$0 \\$1\" > f; sh f arg", "f arg\n", 0 },
	{ "while :; do :; done", "bash: line 1: more than 1000000 commands: given up\n", 1 },
	{ "f() { f; }; f", "bash: line 1: nested more than 60 deep\n", 1 },
	{ "echo {1..99999999}", "bash: line 1: {1..99999999}: too many words\n", 1 },
};

static void own_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct place p = { 0 };
		int status = run(&p, own[i].text);

		if (status != own[i].status || strcmp(sbuf_str(&p.out), own[i].out) != 0)
			fail_msg("%s\n-- want [%d]\n%s-- got [%d]\n%s", own[i].text, own[i].status, own[i].out, status, sbuf_str(&p.out));
		sbuf_free(&p.out);
		sbuf_free(&p.written);
	}
}

static void deep_nesting_is_refused(void **state)
{
	static const char *const parts[] = { "(", "$(", "{ ", "if true; then ", "\"$(", "((", "! ", "case x in x) " };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct place p = { 0 };
		struct sbuf text = SBUF_INIT;

		for (int n = 0; n < 20000; n++)
			sbuf_puts(&text, parts[i]);
		assert_int_not_equal(run(&p, sbuf_str(&text)), 0);
		sbuf_free(&text);
		sbuf_free(&p.out);
	}
}

static void incomplete_lines(void **state)
{
	assert_true(shell_incomplete("echo \"a"));
	assert_true(shell_incomplete("if true; then"));
	assert_true(shell_incomplete("cat <<END\nx"));
	assert_true(shell_incomplete("echo a \\"));
	assert_false(shell_incomplete("echo a \\\\"));
	assert_false(shell_incomplete("echo )"));
	assert_false(shell_incomplete("cat <<END\nx\nEND"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_bash),
		cmocka_unit_test(own_ways),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(incomplete_lines),
	};

	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
