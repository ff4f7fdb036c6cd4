/* SPDX-License-Identifier: MIT */
#include "ctl/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/exit.h"

static bool incomplete;

int json_mode_parse(const char *text, enum json_mode *ret)
{
	if (strcmp(text, "short") == 0)
		*ret = JSON_SHORT;
	else if (strcmp(text, "pretty") == 0)
		*ret = JSON_PRETTY;
	else if (strcmp(text, "off") == 0)
		*ret = JSON_OFF;
	else
		return -EINVAL;
	return 0;
}

json_t *json_document(void)
{
	json_t *object = json_object();

	json_put_number(object, "version", 1);
	return object;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		incomplete = true;
}

void json_put_text(json_t *object, const char *key, const char *text)
{
	json_put(object, key, json_string(text));
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

void json_put_property(json_t *object, const char *name, const char *text)
{
	char key[2 * 64], *end = key;
	bool camel = is_upper(*name); /* settings are in snake_case already, but for env.KEY */

	for (; *name && end < key + sizeof(key) - 2; name++) {
		if (camel && is_upper(*name) && end > key)
			*end++ = '_';
		*end++ = camel && is_upper(*name) ? (char)(*name + ('a' - 'A')) : *name;
	}
	*end = '\0';
	json_put_text(object, key, text);
}

void json_put_number(json_t *object, const char *key, uint64_t number)
{
	json_put(object, key, number <= INT64_MAX ? json_integer((json_int_t)number) : json_null());
}

void json_put_bool(json_t *object, const char *key, bool value)
{
	json_put(object, key, json_boolean(value));
}

void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		incomplete = true;
}

int json_print(json_t *object, enum json_mode mode)
{
	size_t layout = mode == JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;
	char *text;

	if (incomplete || !object)
		return exit_errno(-ENOMEM, "JSON");
	text = json_dumps(object, JSON_PRESERVE_ORDER | layout);
	if (!text)
		return exit_errno(-ENOMEM, "JSON");
	(void)puts(text);
	free(text);
	return EXIT_DONE;
}
