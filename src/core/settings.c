/* SPDX-License-Identifier: MIT */
/* What is done with the table: find a key, set it, write it, and the life of a whole struct of
 * settings. */
#include "core/settings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"
#include "core/settings-value.h"

static size_t values_size(enum settings_scope scope)
{
	static const size_t sizes[] = {
		[SETTINGS_LOOP] = sizeof(struct loop_settings),
		[SETTINGS_GROUP] = sizeof(struct group_settings),
		[SETTINGS_DAEMON] = sizeof(struct daemon_settings),
	};

	return sizes[scope];
}

/* Where values that are kept apart are; those of others are all in one place. */
static void **apart_of(const struct setting *setting, const void *values)
{
	return (void **)((char *)values + setting->offset);
}

/* The struct that value and `said` are in; NULL: it is kept apart, and nothing of it was said. */
static void *owner_of(const struct setting *setting, void *values)
{
	return setting->inner_size > 0 ? *apart_of(setting, values) : values;
}

static void *value_of(const struct setting *setting, void *values)
{
	char *owner = owner_of(setting, values);

	if (!owner)
		return NULL;
	return owner + (setting->inner_size > 0 ? setting->inner : setting->offset);
}

const struct ways_settings *loop_ways(const struct loop_settings *settings)
{
	static const struct ways_settings none;

	return settings->ways ?: &none;
}

bool settings_name_valid(const char *name)
{
	size_t length = 0;

	for (; name[length]; length++)
		if (!isascii(name[length]) ||
			(!isalnum((unsigned char)name[length]) && !strchr("_.-", name[length])))
			return false;
	return length > 0 && length <= 40 && isalnum((unsigned char)name[0]);
}

const struct setting *settings_find(enum settings_scope scope, const char *key)
{
	size_t n, length;
	const struct setting *table = settings_table(scope, &n);

	for (size_t i = 0; i < n; i++) {
		if (table[i].flags & SETTING_PREFIX) {
			length = strlen(table[i].key);
			if (strncmp(table[i].key, key, length) == 0 && key[length])
				return &table[i];
		} else if (strcmp(table[i].key, key) == 0) {
			return &table[i];
		}
	}
	return NULL;
}

const char *settings_nearest(enum settings_scope scope, const char *key)
{
	size_t n, length = strlen(key), stem = strcspn(key, ".") + 1;
	const struct setting *table = settings_table(scope, &n);
	unsigned best = (unsigned)MAX(length / 3, (size_t)1) + 1;
	const char *nearest = NULL;
	char prefix[16] = "";

	if (length > 40)
		return NULL;
	/* Of "parm.KEY" only "parm." can be mistaken for "param.". */
	if (stem < length && stem < sizeof(prefix))
		memcpy(prefix, key, stem);
	for (size_t i = 0; i < n; i++) {
		bool cut = (table[i].flags & SETTING_PREFIX) && prefix[0];
		unsigned distance = string_distance(table[i].key, cut ? prefix : key);

		if (distance < (cut ? MIN(best, 3u) : best)) {
			best = distance;
			nearest = table[i].key;
		}
	}
	return nearest;
}

/* KEY of "param.KEY" or "env.KEY": a name that fits "KEY=value", and for the environment one that
 * shells accept. */
static bool suffix_valid(const struct setting *setting, const char *suffix)
{
	bool variable = strcmp(setting->key, "env.") == 0;

	if (variable && isdigit((unsigned char)suffix[0]))
		return false;
	for (const char *p = suffix; *p; p++)
		if (!isascii(*p) || (!isalnum((unsigned char)*p) && *p != '_' &&
					    (variable || !strchr(".-", *p))))
			return false;
	return *suffix;
}

/* Where "SUFFIX=…" stands in the vector; its length when it does not. */
static size_t find_entry(char *const *entries, const char *suffix)
{
	size_t i = 0, length = strlen(suffix);

	while (entries && entries[i] &&
		(strncmp(entries[i], suffix, length) != 0 || entries[i][length] != '='))
		i++;
	return i;
}

static void remove_entry(char ***entries, size_t at)
{
	char **v = *entries;

	free(v[at]);
	do
		v[at] = v[at + 1];
	while (v[at++]);
	if (!v[0]) {
		free(v);
		*entries = NULL;
	}
}

static int set_entry(const struct setting *setting, char ***entries, const char *key,
	const char *text, char **ret_reason)
{
	const char *suffix = key + strlen(setting->key);
	size_t at = find_entry(*entries, suffix);
	bool known = at < vector_length(*entries);
	char *entry;

	if (!suffix_valid(setting, suffix)) {
		*ret_reason = string_printf("%s is not a name that can be set: say letters, digits "
					    "and _ after \"%s\"",
			key, setting->key);
		return -EINVAL;
	}
	if (!utf8_valid(text, strlen(text)))
		return value_refuse(setting, -EINVAL, text, ret_reason, "a text in UTF-8");
	if (!*text) {
		if (known)
			remove_entry(entries, at);
		return 0;
	}
	entry = string_printf("%s=%s", suffix, text);
	if (!entry)
		return -ENOMEM;
	if (!known)
		return vector_append_take(entries, entry);
	free((*entries)[at]);
	(*entries)[at] = entry;
	return 0;
}

static int set_in_place(
	const struct setting *setting, void *values, const char *text, char **ret_reason)
{
	const char *effective = *text ? text : setting->fallback;
	int r = setting->parse(setting, value_of(setting, values), effective, ret_reason);

	if (r >= 0 && setting->said)
		*(bool *)((char *)owner_of(setting, values) + setting->said) = *text;
	return r;
}

static int set_value(
	const struct setting *setting, void *values, const char *text, char **ret_reason)
{
	void **apart = apart_of(setting, values);
	int r;

	if (setting->inner_size == 0 || *apart)
		return set_in_place(setting, values, text, ret_reason);
	if (!*text)
		return 0;
	*apart = calloc(1, setting->inner_size);
	if (!*apart)
		return -ENOMEM;
	r = set_in_place(setting, values, text, ret_reason);
	if (r < 0)
		free(TAKE_PTR(*apart));
	return r;
}

static int refuse_unknown(enum settings_scope scope, const char *key, char **ret_reason)
{
	_cleanup_free_ char *safe = string_escape(key);
	const char *nearest = settings_nearest(scope, key);

	if (!safe)
		*ret_reason = NULL;
	else if (nearest)
		*ret_reason =
			string_printf("unknown key \"%s\": did you mean \"%s\"?", safe, nearest);
	else
		*ret_reason = string_printf("unknown key \"%s\"", safe);
	return -ENOENT;
}

int settings_set(enum settings_scope scope, void *values, const char *key, const char *text,
	char **ret_reason)
{
	const struct setting *setting = settings_find(scope, key);
	char *reason = NULL;
	int r;

	if (!setting)
		r = refuse_unknown(scope, key, &reason);
	else if (setting->flags & SETTING_PREFIX)
		r = set_entry(setting, value_of(setting, values), key, text, &reason);
	else
		r = set_value(setting, values, text, &reason);
	if (r < 0)
		*ret_reason = reason;
	return r;
}

int settings_init(enum settings_scope scope, void *values)
{
	_cleanup_free_ char *reason = NULL;
	size_t n;
	const struct setting *table = settings_table(scope, &n);
	int r;

	memset(values, 0, values_size(scope));
	for (size_t i = 0; i < n; i++) {
		if (table[i].flags & SETTING_PREFIX)
			continue;
		r = set_value(&table[i], values, "", &reason);
		if (r < 0) {
			settings_done(scope, values);
			return r;
		}
	}
	return 0;
}

void settings_done(enum settings_scope scope, void *values)
{
	size_t n;
	const struct setting *table = settings_table(scope, &n);

	for (size_t i = 0; i < n; i++)
		if (table[i].release && value_of(&table[i], values))
			table[i].release(value_of(&table[i], values));
	for (size_t i = 0; i < n; i++)
		if (table[i].inner_size > 0)
			free(TAKE_PTR(*apart_of(&table[i], values)));
	memset(values, 0, values_size(scope));
}

char *setting_format(const struct setting *setting, const void *values)
{
	const void *value = value_of(setting, (void *)values);

	if (!value)
		return strdup(setting->fallback);
	if (setting->flags & SETTING_PREFIX)
		return value_format_words(*(char **const *)value);
	return setting->format(setting, value);
}
