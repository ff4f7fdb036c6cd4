/* SPDX-License-Identifier: MIT */
/* A verb of greenloopctl: one row of the table in verbs.c, one verb-NAME.c; and the options that
 * all of them share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/exit.h"
#include "ctl/json.h"

/* Options that only some verbs understand; with any other verb they are a mistake of the user. */
enum {
	OPTION_STATE = 1 << 0,
	OPTION_SIGNAL = 1 << 1,
	OPTION_TRIP = 1 << 2,
	OPTION_FOR = 1 << 3,
	OPTION_ANY = 1 << 4,
	OPTION_FOLLOW = 1 << 5,
	OPTION_LINES = 1 << 6,
};

struct options {
	const char *socket; /* NULL: the usual one */
	bool user, all, any, trip, no_block, no_legend, quiet;
	unsigned special; /* which of OPTION_… were given */
	enum json_mode json;
	uint64_t timeout_usec; /* for the whole verb; USEC_INFINITY: none was given */
	const char *reason;    /* -m; NULL: none */
	bool follow;
	const char *lines;                      /* -n; NULL: not given */
	const char *states, *signal, *wait_for; /* NULL: not given */
};

struct verb {
	const char *name, *args, *help;
	unsigned special;              /* the OPTION_… that it understands */
	unsigned min_names, max_names; /* MANY_NAMES: no limit */
	bool acts;                     /* needs names or --all */
	const char *method;            /* for the verbs that share act_run(); else NULL */
	int (*run)(const struct verb *verb, const struct options *options, char **names);
};
enum { MANY_NAMES = 0x7fffffff };

extern const struct verb verbs[]; /* the last one has no name */
const struct verb *verb_find(const char *name);

/* Checks that the number of names and the options make sense for the verb. 0 or EXIT_USAGE, said.
 */
int verb_check(const struct verb *verb, const struct options *options, char **names);

int verb_fail(const struct verb *verb, const struct options *options, char **names);
int verb_help(const struct verb *verb, const struct options *options, char **names);
int verb_is_green(const struct verb *verb, const struct options *options, char **names);
int verb_kill(const struct verb *verb, const struct options *options, char **names);
int verb_list(const struct verb *verb, const struct options *options, char **names);
int verb_logs(const struct verb *verb, const struct options *options, char **names);
int verb_monitor(const struct verb *verb, const struct options *options, char **names);
int verb_show(const struct verb *verb, const struct options *options, char **names);
int verb_status(const struct verb *verb, const struct options *options, char **names);
int verb_verify(const struct verb *verb, const struct options *options, char **names);
int verb_version(const struct verb *verb, const struct options *options, char **names);
int verb_wait(const struct verb *verb, const struct options *options, char **names);
int verb_why(const struct verb *verb, const struct options *options, char **names);
