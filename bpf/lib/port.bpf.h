/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whose frame it is. A program is loaded for one port, or for all ports of a
 * network namespace: then the index of the frame's interface tells.
 */
#ifndef WEIR_PORT_BPF_H
#define WEIR_PORT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "packet_view.bpf.h"

/* Frames that the host receives from the port, or that it sends to the port. */
enum side {
	TO_PORT = 0,
	FROM_PORT = 1,
};

struct port {
	__u16 number;		/* 0: of none */
	__u8 role;
};

#ifdef FRAME_INTERFACE
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_INDEXED);
	__type(key, __u32);
	__type(value, struct weir_interface);
} weir_interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_interface);
} weir_above SEC(".maps");

/* Apart, or the compiler makes one call of both looks, which is no call else. */
static __noinline struct weir_interface *interface_above(__u32 index)
{
	return bpf_map_lookup_elem(&weir_above, &index);
}

static __always_inline void port_find(struct port *port, FRAME_CONTEXT *context)
{
	__u32 index = FRAME_INTERFACE(context);
	struct weir_interface *interface;

	if (weir_config.port) {
		port->number = weir_config.port;
		port->role = weir_config.role;
		return;
	}
	if (likely(index < WEIR_INDEXED))
		interface = bpf_map_lookup_elem(&weir_interfaces, &index);
	else
		interface = interface_above(index);
	port->number = 0;
	if (unlikely(!interface) ||
	    unlikely(!is_of_namespace(context, &interface->device)))
		return;
	port->number = interface->port;
	port->role = interface->role;
}
#else
#ifndef FRAME_PORT
#define FRAME_PORT(context) ((void)(context), 0)
#endif

/* Loaded for one port, or told by the context whose the frame is. */
static __always_inline void port_find(struct port *port, FRAME_CONTEXT *context)
{
	port->number = weir_config.port ? weir_config.port :
					  FRAME_PORT(context);
	port->role = weir_config.role;
}
#endif

static __always_inline __u8 port_direction(const struct port *port,
					   enum side side)
{
	return side ^ port->role;
}

_Static_assert((FROM_PORT ^ WEIR_GUEST) == WEIR_EGRESS, "from a guest");
_Static_assert((FROM_PORT ^ WEIR_UPLINK) == WEIR_INGRESS, "from an uplink");

#endif
