/* SPDX-License-Identifier: MIT */
/* Takes what config-reader reads, and checks all that needs no other section: heads, names, keys,
 * plain values. */
#include "daemon/config-source.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "daemon/config-expand.h"
#include "daemon/config-instances.h"
#include "daemon/config-reader.h"

enum {
	NEAR = 4,        /* an edit distance below it is a slip of the pen */
	KEYS_MAX = 4096, /* of a section: they are searched one by one */
};

/* One file on its way in. */
struct reading {
	struct source *source;
	struct faults *faults;
	const char *file;
	struct section *section; /* NULL: none yet, or a faulty head whose keys nobody wants */
	bool any_head;
	size_t faults_before; /* the section's keys */
};

/* Whether the whole text is one quoted piece. */
static bool is_quoted(const char *text)
{
	char quote = text[0];

	if (quote != '"' && quote != '\'')
		return false;
	for (text++; *text && *text != quote; text++)
		if (*text == '\\' && quote == '"' && text[1])
			text++;
	return *text && !text[1];
}

int source_unquote(const struct setting *setting, const char *text, char **ret, char **ret_reason)
{
	_cleanup_vector_ char **words = NULL;
	const char *why = NULL;
	char *plain;
	int r;

	if (!string_equal(setting->type, "text") || !is_quoted(text)) {
		plain = strdup(text);
	} else {
		r = words_split(text, &words, &why);
		if (r == -EINVAL) {
			*ret_reason = string_printf(
				"%s: the quoted text is not allowed: %s", setting->key, why);
			return *ret_reason ? r : -ENOMEM;
		}
		if (r < 0)
			return r;
		plain = strdup(words[0]);
	}
	if (!plain)
		return -ENOMEM;
	*ret = plain;
	return 0;
}

static const struct {
	const char *prefix;
	enum section_kind kind;
	bool named;
} kinds[] = {
	{ "greenloopd", SECTION_DAEMON, false },
	{ "defaults", SECTION_DEFAULTS, false },
	{ "defaults:", SECTION_GROUP_DEFAULTS, true },
	{ "group:", SECTION_GROUP, true },
	{ "loop:", SECTION_LOOP, true },
};

enum settings_scope section_scope(enum section_kind kind)
{
	return kind == SECTION_DAEMON  ? SETTINGS_DAEMON
	       : kind == SECTION_GROUP ? SETTINGS_GROUP
				       : SETTINGS_LOOP;
}

static void *trial_of(struct source *source, enum settings_scope scope)
{
	return scope == SETTINGS_DAEMON  ? (void *)&source->trial.daemon
	       : scope == SETTINGS_GROUP ? (void *)&source->trial.group
					 : (void *)&source->trial.loop;
}

const struct section *source_find(const struct source *source, const char *head)
{
	return map_get(&source->heads, head);
}

/* The row of kinds; -1: unknown. */
static int find_kind(const char *head)
{
	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		if (kinds[i].named ? strncmp(head, kinds[i].prefix, strlen(kinds[i].prefix)) == 0
				   : string_equal(head, kinds[i].prefix))
			return (int)i;
	return -1;
}

static int unknown_section(struct reading *reading, const char *head, unsigned line)
{
	_cleanup_free_ char *word = strndup(head, strcspn(head, ":"));
	unsigned least = NEAR;
	const char *near = NULL;

	if (!word)
		return -ENOMEM;
	for (size_t i = 0; i < ELEMENTS(kinds); i++) {
		_cleanup_free_ char *known =
			strndup(kinds[i].prefix, strcspn(kinds[i].prefix, ":"));
		unsigned distance = known ? string_distance(word, known) : NEAR;

		if (kinds[i].named == (strchr(head, ':') != NULL) && distance < least) {
			least = distance;
			near = kinds[i].prefix;
		}
	}
	if (string_equal(head, "loop") || string_equal(head, "group"))
		return faults_add(reading->faults, reading->file, line,
			"section [%s] has no name: write [%s:NAME]", head, head);
	if (near)
		return faults_add(reading->faults, reading->file, line,
			"unknown section [%s]; did you mean [%s%s]?", head, near,
			strchr(near, ':') ? "NAME" : "");
	return faults_add(reading->faults, reading->file, line, "unknown section [%s]", head);
}

/* Of a loop with instances what is before the "@". */
static bool name_is_valid(const char *name, enum section_kind kind)
{
	size_t length = strlen(name);
	_cleanup_free_ char *plain = NULL;

	if (kind != SECTION_LOOP || length == 0 || name[length - 1] != '@')
		return settings_name_valid(name);
	plain = strndup(name, length - 1);
	return plain && settings_name_valid(plain);
}

static int check_name(struct reading *reading, const char *head, const char *name,
	enum section_kind kind, unsigned line)
{
	if (!name_is_valid(name, kind))
		return faults_add(reading->faults, reading->file, line,
			"section [%s]: a name is 1 to 40 letters, digits and _ . -, first a letter "
			"or digit",
			head);
	if (string_equal(name, "root"))
		return faults_add(reading->faults, reading->file, line,
			"section [%s]: the name root is taken, by the top of the tree", head);
	return 0;
}

/* Loops and groups share one namespace. */
static int claim_name(struct reading *reading, struct section *section)
{
	const struct section *other;
	int r;

	if (section->kind != SECTION_LOOP && section->kind != SECTION_GROUP)
		return 0;
	other = map_get(&reading->source->names, section->name);
	if (other)
		return faults_add(reading->faults, section->file, section->line,
			"section [%s]: the name is taken by [%s] (%s:%u)", section->head,
			other->head, other->file, other->line);
	r = map_put(&reading->source->names, section->name, section);
	return r;
}

static void section_free(struct section *section)
{
	if (!section)
		return;
	for (size_t i = 0; i < section->n_keys; i++) {
		free(section->keys[i]->key);
		free(section->keys[i]->text);
		free(section->keys[i]);
	}
	free(section->keys);
	free(section->head);
	free(section);
}

static int section_new(struct reading *reading, const char *head, int kind, unsigned line)
{
	struct source *source = reading->source;
	struct section *section = calloc(1, sizeof(*section)), **sections;
	int r;

	sections = reallocarray(source->sections, source->n_sections + 1, sizeof(*sections));
	if (sections)
		source->sections = sections;
	if (!sections || !section) {
		free(section);
		return -ENOMEM;
	}
	sections[source->n_sections++] = section;
	section->head = strdup(head);
	if (!section->head)
		return -ENOMEM;
	section->kind = kinds[kind].kind;
	section->name = kinds[kind].named ? section->head + strlen(kinds[kind].prefix) : "";
	section->file = reading->file;
	section->line = line;
	r = map_put(&source->heads, section->head, section);
	if (r < 0)
		return r;
	reading->section = section;
	return claim_name(reading, section);
}

/* What the reader found wrong in its lines counts, too. */
static void section_ends(struct reading *reading)
{
	if (reading->section && reading->faults->n > reading->faults_before)
		reading->section->faulty = true;
	reading->section = NULL;
}

static int fault_is_fine(int r)
{
	return r == -EINVAL ? 0 : r;
}

static int read_section(const char *head, unsigned line, void *userdata)
{
	struct reading *reading = userdata;
	int kind = find_kind(head), r;

	section_ends(reading);
	reading->any_head = true;
	reading->faults_before = reading->faults->n;
	reading->section = map_get(&reading->source->heads, head);
	if (reading->section)
		return 0;
	if (kind < 0)
		return fault_is_fine(unknown_section(reading, head, line));
	if (kinds[kind].named) {
		r = check_name(
			reading, head, head + strlen(kinds[kind].prefix), kinds[kind].kind, line);
		if (r < 0)
			return fault_is_fine(r);
	}
	return fault_is_fine(section_new(reading, head, kind, line));
}

static struct source_key *find_key(const struct section *section, const char *key)
{
	for (size_t i = 0; i < section->n_keys; i++)
		if (string_equal(section->keys[i]->key, key))
			return section->keys[i];
	return NULL;
}

static int add_key(struct section *section, const char *key, struct source_key **ret)
{
	struct source_key *added = calloc(1, sizeof(*added)), **keys;

	keys = reallocarray(section->keys, section->n_keys + 1, sizeof(*keys));
	if (keys)
		section->keys = keys;
	if (added)
		added->key = strdup(key);
	if (!keys || !added || !added->key) {
		if (added)
			free(added->key);
		free(added);
		return -ENOMEM;
	}
	added->section = section;
	keys[section->n_keys++] = *ret = added;
	return 0;
}

/* Keys that say what one loop is. */
static bool belongs_to_one_loop(const char *key)
{
	static const char *const keys[] = { "group", "description", "command", "module", "after",
		"instances" };

	for (size_t i = 0; i < ELEMENTS(keys); i++)
		if (string_equal(key, keys[i]))
			return true;
	return false;
}

static int check_key(struct reading *reading, const char *key, unsigned line)
{
	const struct section *section = reading->section;
	enum settings_scope scope = section_scope(section->kind);
	const char *near;

	if ((section->kind == SECTION_DEFAULTS || section->kind == SECTION_GROUP_DEFAULTS) &&
		belongs_to_one_loop(key))
		return faults_add(reading->faults, reading->file, line,
			"[%s] %s: the key says what one loop is, so it has no place among defaults",
			section->head, key);
	if (section->kind == SECTION_LOOP && string_equal(key, "instances") &&
		!section_is_template(section))
		return faults_add(reading->faults, reading->file, line,
			"[%s] instances: only a loop whose name ends with @ has some: [%s@]",
			section->head, section->head);
	if (settings_find(scope, key))
		return 0;
	near = settings_nearest(scope, key);
	if (near)
		return faults_add(reading->faults, reading->file, line,
			"[%s] unknown key %s; did you mean %s%s?", section->head, key, near,
			near[strlen(near) - 1] == '.' ? "KEY" : "");
	return faults_add(
		reading->faults, reading->file, line, "[%s] unknown key %s", section->head, key);
}

static int check_value(struct reading *reading, const char *key, const char *text, unsigned line)
{
	enum settings_scope scope = section_scope(reading->section->kind);
	const struct setting *setting = settings_find(scope, key);
	void *trial = trial_of(reading->source, scope);
	_cleanup_free_ char *reason = NULL, *plain = NULL, *ignored = NULL;
	int r;

	r = source_unquote(setting, text, &plain, &reason);
	if (r == 0 && !(setting->flags & SETTING_VERBATIM) && expand_needed(plain))
		return 0;
	if (r == 0)
		r = settings_set(scope, trial, key, plain, &reason);
	if (r == 0 && setting->flags & SETTING_PREFIX)
		settings_set(scope, trial, key, "", &ignored);
	if (r < 0 && reason)
		return faults_add(reading->faults, reading->file, line, "[%s] %s",
			reading->section->head, reason);
	return r < 0 ? -ENOMEM : 0;
}

/* Said once: the rest of the section is passed over. */
static int too_many_keys(struct reading *reading, unsigned line)
{
	struct section *section = reading->section;
	int r = faults_add(reading->faults, reading->file, line,
		"[%s] has more than %d keys; the rest is not read", section->head, KEYS_MAX);

	section_ends(reading);
	return fault_is_fine(r);
}

static int read_key(
	const char *head, const char *key, const char *text, unsigned line, void *userdata)
{
	struct reading *reading = userdata;
	struct source_key *found;
	int r;

	if (!reading->section && *head == 0 && !reading->any_head)
		return fault_is_fine(faults_add(reading->faults, reading->file, line,
			"the key %s comes before any section", key));
	if (!reading->section)
		return 0;
	r = check_key(reading, key, line);
	if (r < 0)
		return fault_is_fine(r);
	found = find_key(reading->section, key);
	if (found && found->file == reading->file)
		return fault_is_fine(faults_add(reading->faults, reading->file, line,
			"[%s] %s is given twice in this file, first in line %u",
			reading->section->head, key, found->line));
	if (!found && reading->section->n_keys == KEYS_MAX)
		return too_many_keys(reading, line);
	if (!found) {
		r = add_key(reading->section, key, &found);
		if (r < 0)
			return r;
	}
	found->file = reading->file;
	found->line = line;
	if (string_set(&found->text, "%s", text) < 0)
		return -ENOMEM;
	r = check_value(reading, key, text, line);
	found->faulty = r == -EINVAL;
	return fault_is_fine(r);
}

int source_read(
	struct source *source, const char *path, bool absence_is_fine, struct faults *faults)
{
	struct reading reading = { .source = source, .faults = faults };
	const struct reader_handler handler = { read_section, read_key, &reading };
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r;

	r = reader_load(path, &data, &size);
	if (r == -ENOENT && absence_is_fine)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return fault_is_fine(
			faults_add(faults, path, 0, "cannot be read: %s", strerror(-r)));
	r = vector_append(&source->files, path);
	if (r < 0)
		return r;
	reading.file = source->files[vector_length(source->files) - 1];
	r = reader_parse(reading.file, data, size, &handler, faults);
	section_ends(&reading);
	return r;
}

int source_init(struct source *source)
{
	static const enum settings_scope scopes[] = { SETTINGS_LOOP, SETTINGS_GROUP,
		SETTINGS_DAEMON };

	for (size_t i = 0; i < ELEMENTS(scopes); i++) {
		int r = settings_init(scopes[i], trial_of(source, scopes[i]));

		if (r < 0)
			return r;
	}
	return 0;
}

void source_done(struct source *source)
{
	for (size_t i = 0; i < source->n_sections; i++)
		section_free(source->sections[i]);
	free(source->sections);
	vector_free(source->files);
	map_done(&source->heads);
	map_done(&source->names);
	settings_done(SETTINGS_LOOP, &source->trial.loop);
	settings_done(SETTINGS_GROUP, &source->trial.group);
	settings_done(SETTINGS_DAEMON, &source->trial.daemon);
}
