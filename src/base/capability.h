/* SPDX-License-Identifier: MIT */
/* Names of capabilities, as capabilities(7) has them. */
#pragma once

/* With or without CAP_, in any case; -EINVAL. */
int capability_from_string(const char *text);
const char *capability_to_string(int number); /* "CAP_CHOWN"; NULL: there is none of that number */
