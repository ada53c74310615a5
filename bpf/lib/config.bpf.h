/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What is fixed when a program is loaded. User space writes it into .rodata;
 * frozen, it lets the verifier delete the branches of the other role.
 */
#ifndef WEIR_CONFIG_BPF_H
#define WEIR_CONFIG_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_abi.h"

const volatile struct weir_port_config weir_port_config
	SEC(".rodata.weir") = {};

/* Frames that the host receives from the port. */
static __always_inline __u8 direction_from_port(void)
{
	return weir_port_config.role == WEIR_GUEST ? WEIR_EGRESS : WEIR_INGRESS;
}

/* Frames that the host sends to the port. */
static __always_inline __u8 direction_to_port(void)
{
	return weir_port_config.role == WEIR_GUEST ? WEIR_INGRESS : WEIR_EGRESS;
}

#endif
