/* SPDX-License-Identifier: MIT */
/*
 * Splitting a command line: see words_split() in strings.h. The words are written one after the
 * other into one buffer as long as the text (no escape is longer than what it stands for), then
 * copied.
 */
#include "base/strings.h"

#include <errno.h>
#include <string.h>

struct splitter {
	const char *in;
	char *out;
	const char *reason; /* a literal */
};

static int refuse(struct splitter *s, const char *reason)
{
	s->reason = reason;
	return -EINVAL;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* A byte written as exactly n digits. */
static int read_byte(struct splitter *s, int base, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		/* Never looks past the end: NUL is no digit. */
		int digit = digit_value(s->in[0]);

		if (digit >= base)
			return refuse(s, base == 16 ? "\\x wants two hexadecimal digits"
						    : "an octal escape wants three digits");
		value = value * base + digit;
		s->in++;
	}
	if (value == 0 || value > 255)
		return refuse(s, "an escape names a character that no word can hold");
	*s->out++ = (char)value;
	return 0;
}

/* Behind a backslash. */
static int read_escape(struct splitter *s)
{
	static const char letters[] = "abfnrtvs\\\"'";
	static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
	const char *found;

	if (*s->in >= '0' && *s->in <= '7')
		return read_byte(s, 8, 3);
	if (*s->in == 'x') {
		s->in++;
		return read_byte(s, 16, 2);
	}
	if (!*s->in)
		return refuse(s, "a backslash at the end");
	found = strchr(letters, *s->in);
	if (!found)
		return refuse(s, "unknown escape; write \\\\ for a backslash");
	*s->out++ = meanings[found - letters];
	s->in++;
	return 0;
}

/* Behind an opening quote, up to and including the closing one. */
static int read_quoted(struct splitter *s, char quote)
{
	int r;

	while (*s->in != quote) {
		if (!*s->in)
			return refuse(s, quote == '"' ? "a \" is not closed" : "a ' is not closed");
		if (quote == '"' && *s->in == '\\') {
			s->in++;
			r = read_escape(s);
			if (r < 0)
				return r;
		} else {
			*s->out++ = *s->in++;
		}
	}
	s->in++;
	return 0;
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int read_word(struct splitter *s)
{
	int r = 0;

	while (*s->in && !is_white(*s->in) && r >= 0) {
		char c = *s->in++;

		if (c == '"' || c == '\'')
			r = read_quoted(s, c);
		else if (c == '\\')
			r = read_escape(s);
		else
			*s->out++ = c;
	}
	*s->out++ = '\0';
	return r;
}

static void skip_white(struct splitter *s)
{
	while (is_white(*s->in))
		s->in++;
}

int words_split(const char *text, char ***ret, const char **ret_reason)
{
	/* Each word takes at most its own length and a NUL in the place of the white space behind
	 * it. */
	_cleanup_free_ char *buffer = malloc(strlen(text) + 1);
	_cleanup_vector_ char **words = calloc(1, sizeof(char *));
	struct splitter s = { .in = text, .out = buffer };
	int r;

	if (!buffer || !words)
		return -ENOMEM;
	for (skip_white(&s); *s.in; skip_white(&s)) {
		char *word = s.out;

		r = read_word(&s);
		if (r < 0) {
			*ret_reason = s.reason;
			return r;
		}
		r = vector_append(&words, word);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(words);
	return 0;
}
