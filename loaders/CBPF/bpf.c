// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

static _Thread_local char kept_log[64 * 1024];
static _Thread_local size_t kept_length;

static int keep(enum libbpf_print_level level, const char *format, va_list arguments)
{
	size_t room = sizeof(kept_log) - kept_length;
	int length;

	if (level == LIBBPF_DEBUG)
		return 0;
	length = vsnprintf(kept_log + kept_length, room, format, arguments);
	if (length > 0)
		kept_length += (size_t)length < room ? (size_t)length : room - 1;
	return length;
}

void weir_keep_libbpf_log(void)
{
	libbpf_set_print(keep);
}

static int keep_libxdp(enum libxdp_print_level level, const char *format, va_list arguments)
{
	return level == LIBXDP_WARN ? keep(LIBBPF_WARN, format, arguments) : 0;
}

void weir_keep_libxdp_log(void)
{
	libbpf_set_print(keep);
	libxdp_set_print(keep_libxdp);
}

const char *weir_take_libbpf_log(void)
{
	kept_log[kept_length] = '\0';
	kept_length = 0;
	return kept_log;
}

/* As Linux 6.6 has it; headers before that end sooner. */
struct tcx_query {
	uint32_t interface_index;
	uint32_t type;
	uint32_t flags;
	uint32_t attach_flags;
	uint64_t programs;
	uint32_t count;
	uint32_t zero;
	uint64_t program_flags;
	uint64_t links;
	uint64_t link_flags;
	uint64_t revision;
};

int weir_tcx_links(uint32_t interface_index, uint32_t type, uint32_t *ids)
{
	uint32_t programs[WEIR_TCX_MOST];
	struct tcx_query query = {
		.interface_index = interface_index,
		.type = type,
		.programs = (uintptr_t)programs,
		.count = WEIR_TCX_MOST,
		.links = (uintptr_t)ids,
	};

	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		return -errno;
	return (int)query.count;
}
