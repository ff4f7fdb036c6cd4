/* SPDX-License-Identifier: MIT */
/*
 * What --json prints. By jansson: a permissive licence (MIT), a stable ABI for years, and objects
 * that keep the order in which their keys were put in.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum json_mode { JSON_OFF, JSON_SHORT, JSON_PRETTY };

/* -EINVAL: neither "short", "pretty" nor "off". */
int json_mode_parse(const char *text, enum json_mode *ret);

/* An object whose first key is "version": 1. */
json_t *json_document(void);

/* Members are put in without a result each: an object that lacks one for want of memory is marked,
 * and json_print() refuses it. One flag per process: a greenloopctl prints one document. */
void json_put(json_t *object, const char *key, json_t *value); /* takes the value */
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_number(json_t *object, const char *key, uint64_t number);
void json_put_bool(json_t *object, const char *key, bool value);
/* By a bus property's name: the key is its snake_case. */
void json_put_property(json_t *object, const char *name, const char *text);
void json_add(json_t *array, json_t *value); /* takes the value */

/* Prints one object and a newline on standard output. An exit status. */
int json_print(json_t *object, enum json_mode mode);
