/* SPDX-License-Identifier: MIT */
/* Signals: to those who have subscribed and read what they get. */
#include "daemon/bus.h"

#include "base/log.h"
#include "base/macro.h"
#include "core/snapshot.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"
#include "daemon/events.h"

/* Its present state and color. */
static void look(
	struct tree *tree, const struct told *told, const char **ret_state, const char **ret_color)
{
	struct task *task = tree_find(tree, *told->loop ? told->loop : told->group);
	struct tree_snapshot root;
	struct group_snapshot group;
	struct loop_snapshot loop;

	*ret_state = *ret_color = "";
	if (!task) {
		tree_snapshot(tree, &root);
		*ret_color = color_to_string((enum color)root.color);
	} else if (task_group(task)) {
		group_snapshot(task_group(task), &group);
		*ret_state = group_state_to_string(group.state);
		*ret_color = color_to_string(group.color);
	} else {
		loop_snapshot(task_loop(task), &loop);
		*ret_state = loop_state_to_string(loop.state);
		*ret_color = color_to_string(loop.color);
	}
}

static int append_state(sd_bus_message *message, struct tree *tree, const struct told *told)
{
	bool moved = told->type == EVENT_STATE;
	const char *state, *color;

	look(tree, told, &state, &color);
	return sd_bus_message_append(message, "ssssts", told->loop, told->group,
		moved ? told->from : state, moved ? told->to : state, told->generation, color);
}

static const char *member_of(const struct told *told)
{
	switch (told->type) {
	case EVENT_STATE:
	case EVENT_READY:
	case EVENT_CHANGED:
		return "StateChanged";
	case EVENT_FAILURE:
		return "Failure";
	case EVENT_EPISODE_OPENED:
		return "EpisodeOpened";
	case EVENT_EPISODE_CLOSED:
		return "EpisodeClosed";
	default:
		return told->text[0] ? "Note" : NULL;
	}
}

static int append(sd_bus_message *message, struct tree *tree, const struct told *told)
{
	switch (told->type) {
	case EVENT_STATE:
	case EVENT_READY:
	case EVENT_CHANGED:
		return append_state(message, tree, told);
	case EVENT_FAILURE:
		return sd_bus_message_append(message, "ssssbs", told->loop, told->group, told->kind,
			told->text, told->counted, told->throughline);
	case EVENT_EPISODE_OPENED:
		return sd_bus_message_append(message, "tssss", told->episode, told->group,
			told->loop, told->kind, told->text);
	case EVENT_EPISODE_CLOSED:
		return sd_bus_message_append(
			message, "tss", told->episode, told->group, told->text);
	default:
		return sd_bus_message_append(message, "sss", told->loop, told->group, told->text);
	}
}

/* false: the client does not read. */
static bool keeps_up(struct peer *peer)
{
	uint64_t queued = 0;

	return sd_bus_get_n_queued_write(peer->bus, &queued) < 0 || queued <= BUS_QUEUE_MAX;
}

static int send_to(struct peer *peer, const char *member, const struct told *told, uint64_t lost)
{
	_cleanup_message_ sd_bus_message *message = NULL;
	int r = sd_bus_message_new_signal(peer->bus, &message, BUS_PATH, BUS_MANAGER, member);

	if (r >= 0 && lost > 0)
		r = sd_bus_message_append(message, "t", lost);
	else if (r >= 0)
		r = append(message, peer->server->config.tree, told);
	return r < 0 ? r : sd_bus_send(peer->bus, message, NULL);
}

static void broadcast(struct bus *bus, const char *member, const struct told *told, uint64_t lost)
{
	for (struct list *node = bus->peers.next, *next; node != &bus->peers; node = next) {
		struct peer *peer = container_of(node, struct peer, link);

		next = node->next;
		if (!peer->subscribed || sd_bus_is_ready(peer->bus) <= 0)
			continue;
		if (!keeps_up(peer)) {
			log_notice("control socket: a subscriber of uid %u does not read: dropped",
				(unsigned)peer->uid);
			peer_drop(peer);
			continue;
		}
		(void)send_to(peer, member, told, lost);
	}
}

void bus_emit(struct bus *bus, struct told *told)
{
	const char *member = member_of(told);

	bus_clean(told->text);
	if (told->lost_before > 0)
		broadcast(bus, "Lost", told, told->lost_before);
	if (member)
		broadcast(bus, member, told, 0);
	if (told->lost_after > 0)
		broadcast(bus, "Lost", told, told->lost_after);
}
