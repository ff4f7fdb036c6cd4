/* SPDX-License-Identifier: MIT */
/* greenloopctl's verbs against a daemon that only speaks: exit statuses, and what is printed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/options.h"
#include "lib/fake-daemon.h"
#include "lib/unit.h"

enum { WORDS_MAX = 16 };

static struct fake_loop loops[] = {
	{ "feed", "trading", "running", "started", "green", "it \033[31mdied", true, 4711 },
	{ "process", "trading", "backoff", "started", "amber", NULL, false, 0 },
	{ "daily", "reports", "done", "started", "green", NULL, true, 0 },
	{ "lonely", "", "inactive", "stopped", "grey", NULL, false, 0 },
	{ "broken", "", "failed", "started", "red", "exited with status 1", false, 0 },
};
static struct fake_group groups[] = {
	{ "trading", "", "running", "started", "amber", "escalate", false },
	{ "reports", "trading", "running", "started", "green", "escalate", false },
	{ "gone", "", "failed", "started", "red", "stay", false },
	{ "cooling", "", "failed", "started", "red", "cooldown:5s", false },
};
static struct fake_daemon fake = {
	.color = "amber",
	.loops = loops,
	.n_loops = ELEMENTS(loops),
	.groups = groups,
	.n_groups = ELEMENTS(groups),
};
static char printed[16384];

/* Runs a command line (words without quotes) as greenloopctl does; what it prints is in printed. */
static int run(const char *command)
{
	_cleanup_free_ char *copy = strdup(command);
	char socket[80], program[] = "greenloopctl", *argv[WORDS_MAX] = { program, socket };
	int argc = 2, fd = memfd_create("output", MFD_CLOEXEC), saved = dup(STDOUT_FILENO), status;
	struct command_line line;
	const struct verb *verb;
	ssize_t length;

	(void)snprintf(socket, sizeof(socket), "--socket=%s", fake.path);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
	status = options_parse(argc, argv, &line);
	verb = status == EXIT_DONE ? verb_find(line.verb) : NULL;
	if (verb)
		status = verb_check(verb, &line.options, line.names);
	if (verb && status == EXIT_DONE)
		status = verb->run(verb, &line.options, line.names);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	length = pread(fd, printed, sizeof(printed) - 1, 0);
	ck_assert_int_ge(length, 0);
	printed[length] = '\0';
	(void)close(fd);
	(void)close(saved);
	return status;
}

static void setup(void)
{
	fake_start(&fake);
}

static void teardown(void)
{
	fake_stop(&fake);
}

static const struct {
	const char *command;
	int status;
} statuses[] = {
	{ "status", EXIT_NOT_GREEN },
	{ "status feed", EXIT_DONE },
	{ "status daily", EXIT_DONE },
	{ "status trading", EXIT_NOT_GREEN },
	{ "status lonely", EXIT_NOT_GREEN },
	{ "status feed process", EXIT_NOT_GREEN },
	{ "status reports", EXIT_DONE },
	{ "status nobody", EXIT_NO_SUCH },
	{ "status feed nobody*", EXIT_NO_SUCH },
	{ "status trading/feed", EXIT_DONE },
	{ "status reports/feed", EXIT_NO_SUCH },
	{ "status trading/reports --quiet", EXIT_DONE },
	{ "is-green", EXIT_NOT_GREEN },
	{ "is-green f*", EXIT_DONE },
	{ "is-green lonely", EXIT_NOT_GREEN },
	{ "list nobody", EXIT_NO_SUCH },
	{ "list --state=running,failed", EXIT_DONE },
	{ "list --state=runing", EXIT_USAGE },
	{ "show feed", EXIT_DONE },
	{ "start feed", EXIT_DONE },
	{ "start", EXIT_USAGE },
	{ "start feed --all", EXIT_USAGE },
	{ "--all stop", EXIT_DONE },
	{ "start feed bad", EXIT_FAILED },
	{ "start --trip feed", EXIT_USAGE },
	{ "reset x", EXIT_NO_SUCH },
	{ "kill -s KILL feed", EXIT_DONE },
	{ "kill --signal=NOTHING feed", EXIT_USAGE },
	{ "fail feed the line is dead --trip", EXIT_DONE },
	{ "monitor feed", EXIT_USAGE },
	{ "why feed process", EXIT_USAGE },
	{ "why #2", EXIT_DONE },
	{ "version", EXIT_DONE },
	{ "start fe\xff", EXIT_USAGE },
	{ "show \xff", EXIT_USAGE },
	{ "start feed -m \xff", EXIT_USAGE },
	{ "wait", EXIT_USAGE },
	{ "wait --for=nothing feed", EXIT_USAGE },
	{ "wait feed daily reports", EXIT_DONE },
	{ "wait feed --for=running", EXIT_DONE },
	{ "wait lonely", EXIT_FAILED },
	{ "wait lonely --for=inactive", EXIT_DONE },
	{ "wait broken", EXIT_FAILED },
	{ "wait broken --for=failed", EXIT_DONE },
	{ "wait daily --for=running", EXIT_FAILED },
	{ "wait feed broken", EXIT_FAILED },
	{ "wait --any feed broken", EXIT_DONE },
	{ "wait --any lonely broken", EXIT_FAILED },
	{ "wait trading --for=done", EXIT_FAILED },
	{ "wait gone", EXIT_FAILED },
	{ "wait cooling --timeout=50ms", EXIT_TIMED_OUT },
	{ "wait nobody", EXIT_NO_SUCH },
	{ "wait process --timeout=50ms", EXIT_TIMED_OUT },
	{ "--json=long status", EXIT_USAGE },
	{ "--timeout=soon status", EXIT_USAGE },
	{ "--user status", EXIT_USAGE },
};

START_TEST(test_status)
{
	ck_assert_msg(run(statuses[_i].command) == statuses[_i].status, "%s", statuses[_i].command);
}
END_TEST

static const struct {
	enum fake_mode mode;
	const char *command;
	int status;
} connections[] = {
	{ FAKE_CLOSE, "status", EXIT_NOT_PERMITTED },
	{ FAKE_CLOSE, "start feed", EXIT_NOT_PERMITTED },
	{ FAKE_MUTE, "status --timeout=50ms", EXIT_TIMED_OUT },
	{ FAKE_DEAF, "status --timeout=50ms", EXIT_TIMED_OUT },
	{ FAKE_DEAF, "stop --all --timeout=50ms", EXIT_TIMED_OUT },
	{ FAKE_CLOSE_LATER, "status", EXIT_NOT_REACHABLE },
	{ FAKE_CLOSE_LATER, "wait process", EXIT_NOT_REACHABLE },
};

START_TEST(test_connection)
{
	fake.mode = connections[_i].mode;
	ck_assert_msg(run(connections[_i].command) == connections[_i].status, "%s",
		connections[_i].command);
}
END_TEST

START_TEST(test_nobody_listens)
{
	fake_start(&fake);
	ck_assert_int_eq(shutdown(fake.fd, SHUT_RDWR), 0);
	ck_assert_int_eq(run("status"), EXIT_NOT_REACHABLE);
	fake_stop(&fake);
	ck_assert_int_eq(run("status"), EXIT_NOT_REACHABLE);
}
END_TEST

static const struct {
	const char *command, *has, *lacks;
} outputs[] = {
	{ "status", "● trading", "\033" },
	{ "status", "├─● feed", NULL },
	{ "status", "└─● reports", NULL },
	{ "status", "  └─● daily", NULL },
	{ "status", "4711", NULL },
	{ "status reports", "daily", "feed" },
	{ "status feed", "exit: it \\x1b[31mdied", "\033" },
	{ "status -q", "", "feed" },
	{ "list", "LOOP", NULL },
	{ "list --no-legend", "feed", "LOOP" },
	{ "list --state=running,failed", "broken", "lonely" },
	{ "list trading", "daily", "lonely" },
	{ "show feed", "MaxLoopFailures=10\nexhausted_action=escalate\n", NULL },
	{ "show feed --json=short",
		"{\"version\":1,\"kind\":\"group\",\"max_loop_failures\":\"10\"", NULL },
	{ "show feed daily --json=short", "{\"version\":1,\"groups\":[],\"loops\":[{\"kind\"",
		NULL },
	{ "status --json=short", "{\"version\":1,\"daemon\":{\"version\":\"0.1.0\"", NULL },
	{ "status --json=short",
		"\"last_failure\":{\"kind\":\"exit\",\"reason\":\"it "
		"\\u001B[31mdied\"",
		NULL },
	{ "status process --json=short", "\"last_failure\":null", "\"name\":\"feed\"" },
	{ "list feed --json=short",
		"{\"version\":1,\"loops\":[{\"name\":\"feed\",\"group\":\"trading\"", NULL },
	{ "start feed", "", "feed" },
	{ "start bad --json=short",
		"{\"version\":1,\"results\":[{\"name\":\"bad\",\"result\":\"failed\",\"message\":"
		"\"group trading",
		NULL },
	{ "why", "episode #2 of group trading", "episode #1" },
	{ "why", "line\\x1b[2Jdead, 11 of 10", "\033" },
	{ "why #2", "2 more failures", NULL },
	{ "why --json=short", "\"result\":\"open\",\"cause\":{\"kind\":\"exit\"", "older" },
	{ "version", "greenloopd 0.1.0", NULL },
	{ "help", "hard-reset", NULL },
};

START_TEST(test_output)
{
	(void)run(outputs[_i].command);
	ck_assert_msg(strstr(printed, outputs[_i].has), "%s: %s", outputs[_i].command, printed);
	if (outputs[_i].lacks)
		ck_assert_msg(!strstr(printed, outputs[_i].lacks), "%s: %s", outputs[_i].command,
			printed);
}
END_TEST

START_TEST(test_monitor)
{
	fake.mode = FAKE_NEWS;
	ck_assert_int_eq(run("monitor"), EXIT_NOT_REACHABLE);
	ck_assert_ptr_nonnull(
		strstr(printed, "trading/feed: starting → running (generation 3, green)\n"));
	ck_assert_int_eq(run("monitor --json=short"), EXIT_NOT_REACHABLE);
	ck_assert_ptr_eq(strstr(printed, "{\"version\":1,\"event\":\"state_changed\""), printed);
	ck_assert_ptr_nonnull(strstr(printed, "\"generation\":3,\"color\":\"green\"}\n"));
}
END_TEST

static const struct {
	const char *daemon, *command;
	int status;
} checks[] = {
	{ "/bin/true", "verify", EXIT_DONE },
	{ "/bin/false", "verify some.conf", EXIT_FAILED },
	{ "/bin/false", "verify --json=short", EXIT_FAILED },
	{ "/does/not/exist", "verify", EXIT_FAILED },
};

START_TEST(test_verify)
{
	(void)setenv("GREENLOOPD", checks[_i].daemon, 1);
	ck_assert_int_eq(run(checks[_i].command), checks[_i].status);
}
END_TEST

static bool become_ready(struct fake_daemon *self)
{
	self->loops[1].ready = true;
	self->change = NULL;
	return true;
}

START_TEST(test_wait_looks_again)
{
	fake.change = become_ready;
	ck_assert_int_eq(run("wait process"), EXIT_DONE);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, size_t n_rows)
{
	tcase_add_checked_fixture(unit_add_table(suite, name, test, n_rows), setup, teardown);
}

int main(void)
{
	Suite *suite = suite_create("ctl-client");

	add(suite, "exit statuses", test_status, ELEMENTS(statuses));
	add(suite, "connections", test_connection, ELEMENTS(connections));
	add(suite, "output", test_output, ELEMENTS(outputs));
	add(suite, "wait looks again", test_wait_looks_again, 1);
	add(suite, "monitor", test_monitor, 1);
	add(suite, "verify", test_verify, ELEMENTS(checks));
	unit_add(suite, "nobody listens", test_nobody_listens);
	return unit_main(suite);
}
