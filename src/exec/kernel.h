/* SPDX-License-Identifier: MIT */
/*
 * Calls of the kernel without the C library, whose start takes longer than all that this program
 * does (in a virtual machine, where it asks the processor what it can, several times as long).
 * Returns what the kernel returns: -errno. Where EXEC_BARE is not defined the C library does it.
 */
#pragma once

#include <sys/syscall.h>

#if defined(EXEC_BARE) && defined(__x86_64__)

static inline long kernel(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return r;
}

#elif defined(EXEC_BARE) && defined(__aarch64__)

static inline long kernel(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else

#include <errno.h>
#include <unistd.h>

static inline long kernel(long number, long a, long b, long c, long d, long e)
{
	long r = syscall(number, a, b, c, d, e);

	return r < 0 ? -errno : r;
}

#endif

#define KERNEL1(name, a)          kernel(SYS_##name, (long)(a), 0, 0, 0, 0)
#define KERNEL2(name, a, b)       kernel(SYS_##name, (long)(a), (long)(b), 0, 0, 0)
#define KERNEL3(name, a, b, c)    kernel(SYS_##name, (long)(a), (long)(b), (long)(c), 0, 0)
#define KERNEL4(name, a, b, c, d) kernel(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0)
