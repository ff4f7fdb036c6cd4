/* SPDX-License-Identifier: MIT */
/*
 * The one table of keys: name, type, default, range, live or restart. It serves the configuration
 * file, the library's gloop_loop_set(), `greenloopctl show` and the test that holds the manual
 * against it. A new key is one more row, one more field below, and a paragraph in
 * greenloop.conf(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/settings-types.h"

enum settings_scope { SETTINGS_LOOP, SETTINGS_GROUP, SETTINGS_DAEMON };

struct setting {
	const char *key;      /* "param." with SETTING_PREFIX: any key that begins so */
	const char *type;     /* for humans: "time", "number", "yes or no", … */
	const char *fallback; /* default as text, "" for none */
	const char *help;     /* one line */
	size_t offset;
	/* Values that few loops have are kept apart: offset is that of a pointer to a struct of
	 * inner_size bytes, which is made when the first of them is said, and the value is at inner
	 * in it, as is `said`. Zeroes must mean the defaults. 0: not apart. */
	size_t inner, inner_size;
	size_t said; /* offset of a bool: was a text given, or is it the default; 0: not kept */
	int (*parse)(const struct setting *, void *value, const char *text, char **ret_reason);
	char *(*format)(const struct setting *, const void *value);
	void (*release)(void *value); /* NULL: nothing to free */
	uint64_t minimum, maximum;    /* numbers and times */
	const char *const
		*names; /* what may be said, NULL-terminated; enumerations: value = index */
	unsigned flags;
};
enum {
	SETTING_PREFIX = 1 << 0,   /* key is a prefix; value is a vector of "KEY=value" */
	SETTING_RESTART = 1 << 1,  /* heeded at the next generation; the others are live */
	SETTING_VERBATIM = 1 << 2, /* no substitution of %x and ${NAME} in the text */
};

const struct setting *settings_table(enum settings_scope scope, size_t *ret_length);
/* Prefix keys too; NULL: unknown. And what was probably meant; NULL: nothing near. */
const struct setting *settings_find(enum settings_scope scope, const char *key);
const char *settings_nearest(enum settings_scope scope, const char *key);

/* Of a loop or group: A-Z a-z 0-9 _ . -, first a letter or digit, at most 40 characters. */
bool settings_name_valid(const char *name);

/* What a value of the key `instances` means: the names, one string each. -EINVAL, -ERANGE, -ENOMEM.
 */
int settings_instances(const char *text, char ***ret);

/* The whole struct of that scope: any memory to defaults, or -ENOMEM; and back to zeroes. */
int settings_init(enum settings_scope scope, void *values);
void settings_done(enum settings_scope scope, void *values);

/* Assigns one key from text ("": the default again). Unknown key -ENOENT, bad value -EINVAL or
 * -ERANGE, each with a malloc()ed sentence in *ret_reason (NULL when there was no memory for it);
 * on failure the value stays. */
int settings_set(enum settings_scope scope, void *values, const char *key, const char *text,
	char **ret_reason);

/* The value as text that settings_set() would take; malloc()ed; NULL: no memory. "" where nothing
 * was said and that is known: then the fallback applies. Prefix keys: all of them, as words
 * "KEY=value" that words_split() reads. */
char *setting_format(const struct setting *setting, const void *values);

/* Those of the loop, or none; borrowed. */
const struct ways_settings *loop_ways(const struct loop_settings *settings);

/* What no single key can say: command or module missing, interval required or out of place, backoff
 * above its maximum… Also settles type = auto, and the interval of a module (0 unless said).
 * -EINVAL with a sentence, the key at fault in *ret_key (a literal). */
int loop_settings_check(struct loop_settings *settings, const char **ret_key, char **ret_reason);
/* The same for a loop whose cycle is a function of the program's own. */
int function_settings_check(
	struct loop_settings *settings, const char **ret_key, char **ret_reason);
int group_settings_check(struct group_settings *settings, const char **ret_key, char **ret_reason);
