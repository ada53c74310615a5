/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The version of libxdp's program for AF_XDP that a program stands in for. */
#ifndef WEIR_XSK_VERSION_BPF_H
#define WEIR_XSK_VERSION_BPF_H

#include <bpf/bpf_helpers.h>

/* Only its type is read, from the BTF: the length of the array pointed to. */
__uint(xsk_prog_version, 1) SEC("xdp_metadata");

#endif
