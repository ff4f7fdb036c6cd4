/* SPDX-License-Identifier: MIT */
/*
 * How values are read and written: one pair of functions per type, named in the rows of the table.
 * A parser gets the value of its own type and replaces it only when the text is good; the empty
 * text, which arrives as the default of some keys, gives the value that means "none". Private to
 * settings*.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"
#include "core/settings.h"

#define VALUE_PARSER(name)                                                                         \
	int name(const struct setting *setting, void *value, const char *text, char **ret_reason)
#define VALUE_FORMATTER(name) char *name(const struct setting *setting, const void *value)

/* "KEY: "TEXT" is not allowed: say …"; returns error. */
int value_refuse(const struct setting *setting, int error, const char *text, char **ret_reason,
	const char *format, ...) _printf_(5, 6);

/* Plain digits; -EINVAL, -ERANGE above 2^64-1. */
int value_read_number(const char *text, uint64_t *ret);

/* Bytes, or with K, M, G; as above, -ENOMEM. And the shortest way to write it; NULL: no memory. */
int value_read_size(const char *text, uint64_t *ret);
char *value_write_size(uint64_t bytes);

/* "PREFIX:TIME", the time finite. 1: it is that; 0: it does not begin so; -EINVAL, -ERANGE. */
int value_prefixed_time(const char *text, const char *prefix, uint64_t *ret_usec);

/* The next item of a list split by white space and commas, as a malloc()ed copy. 1, 0 at the end,
 * -ENOMEM. */
int value_next_item(const char **text, char **ret_item);

/* All words on one line, quoted where words_split() needs it; NULL: no memory. */
char *value_format_words(char *const *words);

VALUE_PARSER(value_parse_bool);
VALUE_FORMATTER(value_format_bool);
VALUE_PARSER(value_parse_number); /* unsigned */
VALUE_FORMATTER(value_format_number);
VALUE_PARSER(value_parse_size); /* uint64_t, bytes */
VALUE_FORMATTER(value_format_size);
VALUE_PARSER(value_parse_time); /* uint64_t, µs; none: USEC_INFINITY */
VALUE_FORMATTER(value_format_time);
VALUE_FORMATTER(value_format_interval);      /* none, which is no interval at all, as "" */
VALUE_FORMATTER(value_format_start_timeout); /* "" unless it was said */
VALUE_PARSER(value_parse_name_of);           /* an enumeration; none: the number of its names */
VALUE_FORMATTER(value_format_name_of);
VALUE_PARSER(value_parse_signal); /* int */
VALUE_FORMATTER(value_format_signal);
VALUE_PARSER(value_parse_signal_or_none); /* int; none: 0 */
VALUE_FORMATTER(value_format_signal_or_none);
VALUE_PARSER(value_parse_log_level); /* int, syslog's */
VALUE_FORMATTER(value_format_log_level);
VALUE_PARSER(value_parse_ready);
VALUE_FORMATTER(value_format_ready);
VALUE_PARSER(value_parse_share); /* "3 of 5", or "3" */
VALUE_FORMATTER(value_format_share);
VALUE_PARSER(value_parse_action);      /* the row's names are the spellings that are allowed */
VALUE_PARSER(value_parse_done_action); /* the same, but exit is a success */
VALUE_FORMATTER(value_format_action);

VALUE_PARSER(value_parse_string); /* char *; none: NULL */
VALUE_PARSER(value_parse_name);   /* of a loop or group */
VALUE_PARSER(value_parse_socket); /* an absolute path that fits an address, or "none" */
VALUE_FORMATTER(value_format_string);
void value_release_string(void *value);
VALUE_PARSER(value_parse_instances);
VALUE_PARSER(value_parse_paths); /* char **; none: NULL */
VALUE_FORMATTER(value_format_paths);
void value_release_vector(void *value);
VALUE_PARSER(value_parse_command); /* struct command */
VALUE_PARSER(value_parse_hook);    /* the same, a leading "-" allowed */
VALUE_FORMATTER(value_format_command);
void value_release_command(void *value);
VALUE_PARSER(value_parse_output); /* struct output_target; none: OUTPUT_SAME */
VALUE_FORMATTER(value_format_output);
void value_release_output(void *value);
/* settings-setup.c; what these write is "" where nothing was said */
VALUE_PARSER(value_parse_signed); /* int; minimum and maximum of the row are signed, too */
VALUE_FORMATTER(value_format_signed);
VALUE_PARSER(value_parse_mode); /* unsigned, octal */
VALUE_FORMATTER(value_format_mode);
VALUE_PARSER(value_parse_limit_count); /* struct limit: SOFT[:HARD] */
VALUE_FORMATTER(value_format_limit_count);
VALUE_PARSER(value_parse_limit_size);
VALUE_FORMATTER(value_format_limit_size);
VALUE_PARSER(value_parse_limit_seconds);
VALUE_FORMATTER(value_format_limit_seconds);
VALUE_PARSER(value_parse_limit_usec);
VALUE_FORMATTER(value_format_limit_usec);
VALUE_PARSER(value_parse_cpus); /* struct cpu_set */
VALUE_FORMATTER(value_format_cpus);
VALUE_PARSER(value_parse_capabilities); /* uint64_t: bit n is number n */
VALUE_FORMATTER(value_format_capabilities);
VALUE_PARSER(value_parse_user);      /* char *: USER[:GROUP] */
VALUE_PARSER(value_parse_directory); /* char *: absolute, or "~" */
VALUE_PARSER(value_parse_env_file);  /* char *: absolute, "-" may be before it */
VALUE_PARSER(value_parse_words);     /* char ** without white space; formatted as paths */

VALUE_PARSER(value_parse_exits);    /* struct status_set: numbers */
VALUE_PARSER(value_parse_statuses); /* struct status_set: numbers and signal names */
VALUE_FORMATTER(value_format_statuses);
VALUE_PARSER(value_parse_trips); /* struct trip_set */
VALUE_FORMATTER(value_format_trips);
