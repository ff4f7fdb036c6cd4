/* SPDX-License-Identifier: MIT */
/* The two faces of `status`: the tree, and one loop in full. Exit statuses, said. */
#pragma once

#include "ctl/view.h"

/* What is selected, and what is below it. */
int status_tree(const struct view *view, const struct options *options, bool with_daemon);

/* The last failures, newest first, come from another call: n may be 0. */
int status_loop(const struct loop_row *row, const struct failure_row *failures, size_t n);
