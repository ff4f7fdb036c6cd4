/* SPDX-License-Identifier: MIT */
/* The table of verbs, from which the help is made; and what all of them ask of their arguments. */
#include "ctl/verb.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "ctl/act.h"

#define ACT(verb, arguments, called, text)                                                         \
	{                                                                                          \
		.name = verb, .args = arguments, .help = text, .max_names = MANY_NAMES,            \
		.acts = true, .method = called, .run = act_run                                     \
	}

/* clang-format off */
const struct verb verbs[] = {
	{ .name = "status", .args = "[NAME…]", .help = "the tree with its colours; one loop in full",
		.max_names = MANY_NAMES, .run = verb_status },
	{ .name = "list", .args = "[NAME…]", .help = "one line per loop, for scripts",
		.special = OPTION_STATE, .max_names = MANY_NAMES, .run = verb_list },
	{ .name = "show", .args = "[NAME…]", .help = "every property, Key=value",
		.max_names = MANY_NAMES, .run = verb_show },
	ACT("start", "NAME…", "Start", "start, and wait until it is up"),
	ACT("stop", "NAME…", "Stop", "stop, and wait until nothing of it runs"),
	ACT("restart", "NAME…", "Restart", "stop, then start"),
	{ .name = "kill", .args = "NAME…", .help = "send a signal to the processes",
		.special = OPTION_SIGNAL, .max_names = MANY_NAMES, .acts = true, .method = "Kill",
		.run = verb_kill },
	ACT("reload", "NAME…", "Reload", "let programs reload, each in its own way"),
	ACT("reset", "GROUP…", "Reset", "a full group reset by hand"),
	ACT("hard-reset", "NAME…", "HardReset", "the next generation at once, without grace"),
	{ .name = "fail", .args = "NAME [REASON…]", .help = "report a failure by hand",
		.special = OPTION_TRIP, .max_names = MANY_NAMES, .acts = true, .method = "Fail",
		.run = verb_fail },
	ACT("forgive", "NAME…", "Forgive", "counters and backoff to 0, failed cleared"),
	{ .name = "why", .args = "[NAME | #N]", .help = "what happened first, and what came of it",
		.max_names = 1, .run = verb_why },
	{ .name = "is-green", .args = "[NAME…]", .help = "exit status only",
		.max_names = MANY_NAMES, .run = verb_is_green },
	{ .name = "logs", .args = "NAME…", .help = "the last lines of output; -f: and each new one",
		.special = OPTION_FOLLOW | OPTION_LINES, .min_names = 1, .max_names = MANY_NAMES,
		.run = verb_logs },
	{ .name = "monitor", .args = "", .help = "events as they come", .run = verb_monitor },
	{ .name = "wait", .args = "NAME…", .help = "block until it is ready (a group: green)",
		.special = OPTION_FOR | OPTION_ANY, .min_names = 1, .max_names = MANY_NAMES,
		.run = verb_wait },
	{ .name = "verify", .args = "[FILE]", .help = "check the configuration",
		.max_names = 1, .run = verb_verify },
	{ .name = "version", .args = "", .help = "of greenloopctl and of the daemon",
		.run = verb_version },
	{ .name = "help", .args = "", .help = "this text", .run = verb_help },
	{ .name = NULL },
};
/* clang-format on */

const struct verb *verb_find(const char *name)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

/* What goes over D-Bus; a file's name need not be UTF-8. */
static int check_words(const struct verb *verb, const struct options *options, char **names)
{
	const char *reason = options->reason;

	if (reason && !utf8_valid(reason, strlen(reason)))
		return exit_say(EXIT_USAGE, "-m: not UTF-8: %s", reason);
	for (; verb->run != verb_verify && *names; names++)
		if (!utf8_valid(*names, strlen(*names)))
			return exit_say(EXIT_USAGE, "%s: not UTF-8: %s", verb->name, *names);
	return EXIT_DONE;
}

int verb_check(const struct verb *verb, const struct options *options, char **names)
{
	static const char *const special[] = { "--state", "--signal", "--trip", "--for", "--any",
		"--follow", "--lines" };
	unsigned strange = options->special & ~verb->special, n = 0;
	/* What stands behind "fail --all" is the reason. */
	bool names_are_words = verb->run == verb_fail;

	while (names[n])
		n++;
	for (size_t i = 0; i < ELEMENTS(special); i++)
		if (strange & 1U << i)
			return exit_say(
				EXIT_USAGE, "%s does not understand %s", verb->name, special[i]);
	if (verb->acts && n == 0 && !options->all)
		return exit_say(EXIT_USAGE, "%s needs names or --all", verb->name);
	if (verb->acts && n > 0 && options->all && !names_are_words)
		return exit_say(EXIT_USAGE, "%s: names and --all exclude each other", verb->name);
	if (n < verb->min_names)
		return exit_say(
			EXIT_USAGE, "%s needs a name: %s %s", verb->name, verb->name, verb->args);
	if (n > verb->max_names)
		return exit_say(EXIT_USAGE, "%s: too many arguments: %s", verb->name,
			names[verb->max_names]);
	return check_words(verb, options, names);
}

int verb_help(const struct verb *self _unused_, const struct options *options _unused_,
	char **names _unused_)
{
	(void)puts("greenloopctl [OPTION…] VERB [NAME…]\n"
		   "\n"
		   "Looks at and steers greenloopd. Names may be globs and group/loop.\n"
		   "\n"
		   "Verbs:");
	for (const struct verb *verb = verbs; verb->name; verb++)
		/* "…" takes three bytes and one column. */
		(void)printf("  %-11s%-*s%s\n", verb->name, strstr(verb->args, "…") ? 18 : 16,
			verb->args, verb->help);
	(void)puts(
		"\n"
		"Options:\n"
		"      --socket PATH        the daemon's control socket ($GREENLOOP_SOCKET)\n"
		"      --user               the user's own daemon\n"
		"      --json[=short|pretty]  one JSON object (short)\n"
		"      --timeout TIME       give up after this time (exit status 124)\n"
		"      --no-block           do not wait for the result\n"
		"      --all                verbs that act: everything\n"
		"  -m REASON                why: for the record\n"
		"  -q, --quiet              the exit status is enough\n"
		"      --no-legend          no line of headings\n"
		"      --no-pager           accepted; there is no pager\n"
		"      --state=STATE,…      list: loops in these states only\n"
		"  -s, --signal=SIGNAL      kill: which (TERM)\n"
		"      --trip               fail: use up the budget\n"
		"  -f, --follow             logs: go on with each new line\n"
		"  -n, --lines=N            logs: how many of the last lines (64)\n"
		"      --for=STATE          wait: ready, green, running, inactive, done, failed\n"
		"      --any, --all         wait: for one of them, for all (the default)\n"
		"  -h, --help               this text\n"
		"      --version            of greenloopctl\n"
		"\n"
		"Exit status: 0 done or green, 1 failed, 2 usage, 3 not running or not green,\n"
		"4 no such loop or group, 5 not permitted, 6 daemon not reachable, 124 timeout.");
	return EXIT_DONE;
}
