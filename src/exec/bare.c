/* SPDX-License-Identifier: MIT */
/* What the C library would be there for: the way from the kernel to main(), and the functions that
 * process/setup.c and the compiler itself want. */
#include <stddef.h>

#include "exec/kernel.h"

int main(int argc, char **argv);
void *memset(void *to, int byte, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t size);

/* The stack holds argc, argv and the environment. */
#if defined(__x86_64__)
__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	endbr64\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	bl begin\n");
#endif

_Noreturn void begin(long *stack);

_Noreturn void begin(long *stack)
{
	int status = main((int)*stack, (char **)(stack + 1));

	for (;;)
		(void)KERNEL1(exit_group, status);
}

void *memset(void *to, int byte, size_t size)
{
	for (char *p = to; size > 0; size--)
		*p++ = (char)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const char *q = from;

	for (char *p = to; size > 0; size--)
		*p++ = *q++;
	return to;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size > 0; a++, b++, size--)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}
