/* SPDX-License-Identifier: MIT */
#include "daemon/bus-node.h"

#include <errno.h>

#include <systemd/sd-bus.h>

#include "base/strings.h"
#include "core/tree.h"

struct task *bus_node_find(struct tree *tree, const char *path, const char *prefix)
{
	_cleanup_free_ char *name = NULL;

	if (sd_bus_path_decode(path, prefix, &name) <= 0)
		return NULL;
	return tree_find(tree, name);
}

int bus_node_list(struct tree *tree, const char *prefix, bool groups, char ***ret)
{
	_cleanup_vector_ char **paths = NULL;
	struct task *task;
	size_t n = 0;

	while (tree_task(tree, n))
		n++;
	paths = calloc(n + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; (task = tree_task(tree, i)); i++) {
		if (groups != (task_group(task) != NULL))
			continue;
		if (sd_bus_path_encode(prefix, task_name(task), &paths[n]) < 0)
			return -ENOMEM;
		n++;
	}
	*ret = TAKE_PTR(paths);
	return 0;
}
