/* SPDX-License-Identifier: MIT */
/* Show: what the row has, then every setting, under the same kind of key. */
#include "daemon/bus-show.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "core/tree.h"
#include "daemon/bus-group.h"
#include "daemon/bus-loop.h"
#include "daemon/bus-row.h"

/* max_loop_failures: MaxLoopFailures */
static void camel_case(const char *key, char *buf, size_t size)
{
	bool capital = true;
	size_t n = 0;

	for (; *key && n + 1 < size; key++) {
		if (*key != '_')
			buf[n++] = capital ? (char)toupper((unsigned char)*key) : *key;
		capital = *key == '_';
	}
	buf[n] = '\0';
}

/* "env." of "A=1" and "B=2": the keys env.A and env.B. */
static int append_prefixed(sd_bus_message *reply, const char *prefix, char *const *items)
{
	int r = 0;

	for (; r >= 0 && items && *items; items++) {
		const char *equals = strchrnul(*items, '=');
		_cleanup_free_ char *key =
			string_printf("%s%.*s", prefix, (int)(equals - *items), *items);

		r = key ? bus_append_text(reply, key, *equals ? equals + 1 : "") : -ENOMEM;
	}
	return r;
}

static int append_setting(sd_bus_message *reply, const struct setting *setting,
	const sd_bus_vtable *columns, const void *values)
{
	_cleanup_free_ char *text = NULL;
	char key[64];

	if (setting->flags & SETTING_PREFIX)
		return append_prefixed(reply, setting->key,
			*(char **const *)(const void *)((const char *)values + setting->offset));
	camel_case(setting->key, key, sizeof(key));
	if (bus_row_has(columns, key))
		return 0;
	text = setting_format(setting, values);
	return text ? bus_append_text(reply, key, text) : -ENOMEM;
}

static int append_all(sd_bus_message *reply, const sd_bus_vtable *columns, const void *view,
	enum settings_scope scope, const void *values, char *const *routine)
{
	size_t n;
	const struct setting *table = settings_table(scope, &n);
	int r = sd_bus_message_open_container(reply, 'a', "{ss}");

	if (r >= 0)
		r = bus_row_append_texts(reply, columns, view);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = append_setting(reply, &table[i], columns, values);
	if (r >= 0)
		r = append_prefixed(reply, "routine.", routine);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_loop(sd_bus_message *reply, struct gloop_loop *loop)
{
	_cleanup_vector_ char **routine = loop_routine_copy(loop);
	struct loop_view view;
	int r = sd_bus_message_append(reply, "s", "loop");

	loop_view_fill(&view, loop);
	return r < 0 ? r
		     : append_all(reply, loop_columns, &view, SETTINGS_LOOP, loop_settings(loop),
			       routine);
}

static int append_group(sd_bus_message *reply, struct gloop_group *group)
{
	struct group_view view;
	int r = sd_bus_message_append(reply, "s", "group");

	group_view_fill(&view, group);
	return r < 0 ? r
		     : append_all(reply, group_columns, &view, SETTINGS_GROUP,
			       group_settings(group), NULL);
}

int bus_show(sd_bus_message *message, struct tree *tree, const char *name, char **ret_reason)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct task *task = tree_find(tree, name);
	int r;

	if (!task) {
		*ret_reason = string_printf("no such loop or group: %s", name);
		return -ENOENT;
	}
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = task_loop(task) ? append_loop(reply, task_loop(task))
				    : append_group(reply, task_group(task));
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
