/* SPDX-License-Identifier: MIT */
#include "daemon/config-instances.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

bool section_is_template(const struct section *section)
{
	size_t length = strlen(section->name);

	return section->kind == SECTION_LOOP && length > 0 && section->name[length - 1] == '@';
}

int section_instances(const struct section *section, char ***ret)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct source_key *key = section->keys[i];

		if (!string_equal(key->key, "instances"))
			continue;
		if (key->faulty)
			return -EINVAL;
		return *key->text ? settings_instances(key->text, ret) : -ENOENT;
	}
	return -ENOENT;
}

static size_t name_length(const char *text)
{
	size_t length = 0;

	while (isascii(text[length]) && (isalnum((unsigned char)text[length]) ||
						(text[length] && strchr("_.-@", text[length]))))
		length++;
	return length;
}

/* "(NAME@1 & NAME@2)"; a name that no section has stays as it is. */
static int write_instances(const struct source *source, const char *name, FILE *stream)
{
	_cleanup_free_ char *head = string_printf("loop:%s", name);
	const struct section *section = head ? source_find(source, head) : NULL;
	_cleanup_vector_ char **instances = NULL;
	int r;

	if (!head)
		return -ENOMEM;
	if (!section) {
		fputs(name, stream);
		return 0;
	}
	r = section_instances(section, &instances);
	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	for (size_t i = 0; instances[i]; i++)
		fprintf(stream, "%s%s%s", i == 0 ? "(" : " & ", name, instances[i]);
	fputc(')', stream);
	return 0;
}

static int replace_all(const struct source *source, const char *text, FILE *stream)
{
	int r = 0;

	while (*text && r == 0) {
		size_t length = name_length(text);
		_cleanup_free_ char *name = strndup(text, length);

		if (!name)
			return -ENOMEM;
		if (length == 0)
			fputc(*text, stream);
		else if (name[length - 1] == '@')
			r = write_instances(source, name, stream);
		else
			fputs(name, stream);
		text += MAX(length, (size_t)1);
	}
	return r;
}

int instances_replace(const struct source *source, const char *after, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	r = replace_all(source, after, stream);
	if (fclose(stream) != 0)
		return -ENOMEM;
	if (r == 0)
		*ret = TAKE_PTR(text);
	return r;
}
