/* SPDX-License-Identifier: MIT */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/strings.h"
#include "core/settings.h"

static const char help[] =
	"Usage: greenloopd [OPTION…]\n"
	"Supervise co-dependent loops; always in the foreground.\n"
	"\n"
	"  --config FILE          read FILE, then FILE.d/*.conf\n"
	"  --socket PATH          the control socket\n"
	"  --user                 run for a user: configuration and socket in the home and runtime "
	"directories\n"
	"  --check                read the configuration, print every fault, exit 0 or 1\n"
	"  --log-level LEVEL      emerg, alert, crit, err, warning, notice, info or debug\n"
	"  --log-target TARGET    auto, journal or console\n"
	"  --version              print the version\n"
	"  --help                 print this\n"
	"\n"
	"See greenloopd(8).\n";

enum {
	OPTION_CONFIG = 256,
	OPTION_SOCKET,
	OPTION_USER,
	OPTION_CHECK,
	OPTION_LEVEL,
	OPTION_TARGET,
	OPTION_VERSION
};

static const struct option table[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "user", no_argument, NULL, OPTION_USER },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "log-level", required_argument, NULL, OPTION_LEVEL },
	{ "log-target", required_argument, NULL, OPTION_TARGET },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* The daemon leaves its directory: paths are made absolute at once. */
static bool take_path(char **path, const char *text)
{
	_cleanup_free_ char *here = NULL;

	if (*text == '/')
		return string_set(path, "%s", text) == 0;
	if (strncmp(text, "./", 2) == 0)
		text += 2;
	here = getcwd(NULL, 0);
	return here && *text && string_set(path, "%s/%s", here, text) == 0;
}

static bool take_level(struct options *options, const char *text)
{
	options->log_level = log_level_from_string(text);
	return options->log_level >= 0;
}

static bool take_target(struct options *options, const char *text)
{
	static const char *const names[] = {
		[LOG_TARGET_AUTO] = "auto",
		[LOG_TARGET_JOURNAL] = "journal",
		[LOG_TARGET_CONSOLE] = "console",
	};

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (strcmp(text, names[i]) == 0) {
			options->log_target = (int)i;
			return true;
		}
	return false;
}

static bool take(struct options *options, int option, const char *text)
{
	switch (option) {
	case OPTION_CONFIG:
		return take_path(&options->config, text);
	case OPTION_SOCKET:
		return take_path(&options->socket, text);
	case OPTION_LEVEL:
		return take_level(options, text);
	case OPTION_TARGET:
		return take_target(options, text);
	case OPTION_USER:
		options->user = true;
		return true;
	default:
		options->check = true;
		return true;
	}
}

enum options_result options_parse(struct options *ret, int argc, char **argv)
{
	int option, which = 0;

	*ret = (struct options){ .log_level = -1, .log_target = -1 };
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", table, &which)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return OPTIONS_DONE;
		}
		if (option == OPTION_VERSION) {
			puts("greenloopd " PACKAGE_VERSION);
			return OPTIONS_DONE;
		}
		if (option == '?')
			return OPTIONS_USAGE;
		if (!take(ret, option, optarg)) {
			fprintf(stderr, "greenloopd: --%s: cannot use '%s'\n", table[which].name,
				optarg);
			return OPTIONS_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "greenloopd: unexpected argument: %s\n", argv[optind]);
		return OPTIONS_USAGE;
	}
	return OPTIONS_GO;
}

void options_done(struct options *options)
{
	free(options->config);
	free(options->socket);
	*options = (struct options){ .log_level = -1, .log_target = -1 };
}
