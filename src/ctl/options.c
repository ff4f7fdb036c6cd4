/* SPDX-License-Identifier: MIT */
#include "ctl/options.h"

#include <getopt.h>

#include "base/clock.h"

enum {
	KEY_SOCKET = 256,
	KEY_USER,
	KEY_JSON,
	KEY_NO_PAGER,
	KEY_NO_LEGEND,
	KEY_TIMEOUT,
	KEY_NO_BLOCK,
	KEY_ALL,
	KEY_VERSION,
	KEY_STATE,
	KEY_TRIP,
	KEY_FOR,
	KEY_ANY,
	KEY_LIST_VERBS,
};

static const struct option table[] = {
	{ "socket", required_argument, NULL, KEY_SOCKET },
	{ "user", no_argument, NULL, KEY_USER },
	{ "json", optional_argument, NULL, KEY_JSON },
	{ "no-pager", no_argument, NULL, KEY_NO_PAGER },
	{ "no-legend", no_argument, NULL, KEY_NO_LEGEND },
	{ "quiet", no_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, KEY_TIMEOUT },
	{ "no-block", no_argument, NULL, KEY_NO_BLOCK },
	{ "all", no_argument, NULL, KEY_ALL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, KEY_VERSION },
	{ "state", required_argument, NULL, KEY_STATE },
	{ "signal", required_argument, NULL, 's' },
	{ "trip", no_argument, NULL, KEY_TRIP },
	{ "follow", no_argument, NULL, 'f' },
	{ "lines", required_argument, NULL, 'n' },
	{ "for", required_argument, NULL, KEY_FOR },
	{ "any", no_argument, NULL, KEY_ANY },
	{ "list-verbs", no_argument, NULL, KEY_LIST_VERBS }, /* for the completion's test */
	{ NULL, 0, NULL, 0 },
};

/* Those that only some verbs understand. */
static bool take_special(struct options *options, int key)
{
	switch (key) {
	case KEY_STATE:
		options->states = optarg;
		options->special |= OPTION_STATE;
		return true;
	case 's':
		options->signal = optarg;
		options->special |= OPTION_SIGNAL;
		return true;
	case KEY_TRIP:
		options->trip = true;
		options->special |= OPTION_TRIP;
		return true;
	case 'f':
		options->follow = true;
		options->special |= OPTION_FOLLOW;
		return true;
	case 'n':
		options->lines = optarg;
		options->special |= OPTION_LINES;
		return true;
	case KEY_FOR:
		options->wait_for = optarg;
		options->special |= OPTION_FOR;
		return true;
	case KEY_ANY:
		options->any = true;
		options->special |= OPTION_ANY;
		return true;
	default:
		return false;
	}
}

/* No verb is called so: "--json pretty" means what "--json=pretty" does. */
static bool is_json_mode(const char *word)
{
	enum json_mode mode;

	return word && json_mode_parse(word, &mode) >= 0;
}

static int take_value(struct options *options, int key)
{
	switch (key) {
	case KEY_SOCKET:
		options->socket = optarg;
		return EXIT_DONE;
	case KEY_JSON:
		if (json_mode_parse(optarg ?: "short", &options->json) < 0)
			return exit_say(EXIT_USAGE, "--json=%s: short or pretty", optarg);
		return EXIT_DONE;
	case KEY_TIMEOUT:
		if (timespan_parse(optarg, &options->timeout_usec) < 0)
			return exit_say(EXIT_USAGE, "--timeout %s: not a time", optarg);
		return EXIT_DONE;
	case 'm':
		options->reason = optarg;
		return EXIT_DONE;
	default: /* getopt has said what is wrong */
		return EXIT_USAGE;
	}
}

static int take(struct command_line *line, int key)
{
	switch (key) {
	case KEY_USER:
		line->options.user = true;
		return EXIT_DONE;
	case KEY_NO_PAGER: /* there is none */
		return EXIT_DONE;
	case KEY_NO_LEGEND:
		line->options.no_legend = true;
		return EXIT_DONE;
	case 'q':
		line->options.quiet = true;
		return EXIT_DONE;
	case KEY_NO_BLOCK:
		line->options.no_block = true;
		return EXIT_DONE;
	case KEY_ALL:
		line->options.all = true;
		return EXIT_DONE;
	case 'h':
		line->help = true;
		return EXIT_DONE;
	case KEY_VERSION:
		line->version = true;
		return EXIT_DONE;
	case KEY_LIST_VERBS:
		line->list_verbs = true;
		return EXIT_DONE;
	default:
		return take_special(&line->options, key) ? EXIT_DONE
							 : take_value(&line->options, key);
	}
}

int options_parse(int argc, char **argv, struct command_line *ret)
{
	static char name[] = "greenloopctl";
	int key, r;

	*ret = (struct command_line){ .options.timeout_usec = USEC_INFINITY };
	argv[0] = name; /* getopt's messages begin with it */
	optind = 0;     /* anew: tests parse more than once */
	while ((key = getopt_long(argc, argv, "fhqm:n:s:", table, NULL)) != -1) {
		if (key == KEY_JSON && !optarg && is_json_mode(argv[optind]))
			optarg = argv[optind++];
		r = take(ret, key);
		if (r != EXIT_DONE)
			return r;
	}
	if (ret->options.socket && ret->options.user)
		return exit_say(EXIT_USAGE, "--socket and --user exclude each other");
	if (argv[optind])
		ret->verb = argv[optind++];
	ret->names = argv + optind;
	return EXIT_DONE;
}
