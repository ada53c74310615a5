/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What is fixed when a program is loaded. User space writes it into .rodata;
 * frozen, it lets the verifier delete the branches that are not taken.
 */
#ifndef WEIR_CONFIG_BPF_H
#define WEIR_CONFIG_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_abi.h"

const volatile struct weir_program_config weir_config SEC(".rodata.weir") = {};

/*
 * A map of maps: each port's own, by its number. own_ has its sizes as numbers:
 * of types that only a map of maps names the compiler tells nothing.
 */
#define MAP_OF_PORTS(name_, own_)                                              \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                      \
		__uint(max_entries, WEIR_MAX_PORTS);                           \
		__type(key, __u32);                                            \
		__array(values, own_);                                         \
	} name_ SEC(".maps")

#endif
