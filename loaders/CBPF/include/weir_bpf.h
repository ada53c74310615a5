/* SPDX-License-Identifier: Apache-2.0 */
/* What Swift cannot import of libbpf, libxdp and bpf(2): variadic and va_list functions, and newer requests. */
#ifndef WEIR_BPF_H
#define WEIR_BPF_H

#include <stdint.h>

/*
 * The links on a TCX hook of an interface of the calling thread's network
 * namespace, by their ids: 0 for a program without a link (bpf(2),
 * BPF_PROG_QUERY of Linux 6.6). The type is the hook's bpf_attach_type.
 * Returns how many, or -errno: EINVAL where the kernel has no TCX, ENOSPC where
 * there are more than WEIR_TCX_MOST.
 */
int weir_tcx_links(uint32_t interface_index, uint32_t type, uint32_t *ids);

#define WEIR_TCX_MOST 64	/* BPF_MPROG_MAX (linux/bpf_mprog.h) */

/*
 * From now on what libbpf would print to standard error is kept, per thread.
 * weir_take_libbpf_log returns what was kept since the last call: valid until
 * the same thread's next call.
 */
void weir_keep_libbpf_log(void);
const char *weir_take_libbpf_log(void);

/* From now on both what libbpf and what libxdp would warn of is kept there. */
void weir_keep_libxdp_log(void);

#endif
