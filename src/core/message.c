/* SPDX-License-Identifier: MIT */
#include "core/message.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { REGISTRIES = GLOOP_ROUTINE + 1 };

struct message {
	struct list link;
	struct gloop_value value; /* a string is owned */
	char key[];
};

struct messages {
	pthread_mutex_t lock;
	struct list registries[REGISTRIES];
};

static void clear_value(struct gloop_value *value)
{
	if (value->type == GLOOP_STRING)
		free((char *)value->as.string);
}

static int copy_value(struct gloop_value *to, const struct gloop_value *from)
{
	struct gloop_value copy = *from;

	if (from->type == GLOOP_STRING) {
		copy.as.string = strdup(from->as.string);
		if (!copy.as.string)
			return -ENOMEM;
	}
	*to = copy;
	return 0;
}

static struct message *find(struct list *registry, const char *key)
{
	list_for_each (link, registry) {
		struct message *message = container_of(link, struct message, link);

		if (strcmp(message->key, key) == 0)
			return message;
	}
	return NULL;
}

static int put(struct list *registry, const char *key, const struct gloop_value *value)
{
	struct message *message = find(registry, key);
	struct gloop_value copy;
	int r;

	r = copy_value(&copy, value);
	if (r < 0)
		return r;
	if (message) {
		clear_value(&message->value);
	} else {
		message = calloc(1, sizeof(*message) + strlen(key) + 1);
		if (!message) {
			clear_value(&copy);
			return -ENOMEM;
		}
		memcpy(message->key, key, strlen(key) + 1);
		list_append(registry, &message->link);
	}
	message->value = copy;
	return 0;
}

static int put_pair(struct list *registry, const char *pair)
{
	const char *value = strchr(pair, '=');
	_cleanup_free_ char *key = NULL;

	if (!value)
		return -EINVAL;
	key = strndup(pair, (size_t)(value - pair));
	if (!key)
		return -ENOMEM;
	return put(registry, key,
		&(struct gloop_value){ .type = GLOOP_STRING, .as.string = value + 1 });
}

struct messages *messages_new(char *const *environment)
{
	struct messages *messages = calloc(1, sizeof(*messages));

	if (!messages)
		return NULL;
	pthread_mutex_init(&messages->lock, NULL);
	for (int i = 0; i < REGISTRIES; i++)
		list_init(&messages->registries[i]);
	for (; environment && *environment; environment++)
		if (put_pair(&messages->registries[GLOOP_ENVIRONMENT], *environment) < 0) {
			messages_free(messages);
			return NULL;
		}
	return messages;
}

void messages_free(struct messages *messages)
{
	if (!messages)
		return;
	for (int i = 0; i < REGISTRIES; i++)
		list_for_each_safe (link, &messages->registries[i]) {
			struct message *message = container_of(link, struct message, link);

			clear_value(&message->value);
			free(message);
		}
	pthread_mutex_destroy(&messages->lock);
	free(messages);
}

int messages_get(struct messages *messages, enum gloop_registry registry, const char *key,
	enum gloop_type type, struct gloop_value *ret)
{
	struct message *message;
	int r;

	if ((unsigned)registry >= REGISTRIES)
		return -EINVAL;
	pthread_mutex_lock(&messages->lock);
	message = find(&messages->registries[registry], key);
	if (!message)
		r = -ENOENT;
	else if (message->value.type != type)
		r = -EINVAL;
	else
		r = copy_value(ret, &message->value);
	pthread_mutex_unlock(&messages->lock);
	return r;
}

int messages_set(struct messages *messages, enum gloop_registry registry, const char *key,
	const struct gloop_value *value)
{
	int r;

	if (registry == GLOOP_ENVIRONMENT)
		return -EROFS;
	if ((unsigned)registry >= REGISTRIES || !*key)
		return -EINVAL;
	pthread_mutex_lock(&messages->lock);
	r = put(&messages->registries[registry], key, value);
	pthread_mutex_unlock(&messages->lock);
	return r;
}
