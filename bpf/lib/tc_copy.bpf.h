/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Copies of frames at TC: a clone is sent to an interface, which for a tunnel is
 * a VXLAN device whose own program says where it goes (tap_tunnel.bpf.c).
 *
 * A copy carries WEIR_COPY_MARK. At ports whose programs know copies it is
 * counted apart, and goes on.
 */
#ifndef WEIR_TC_COPY_BPF_H
#define WEIR_TC_COPY_BPF_H

#define FRAME_CLONES
#include "copying.bpf.h"
#include "frame_copy.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_carried);
} weir_carried SEC(".maps");

/* A copy that leaves by the port, or comes back from it. */
__noinline int tc_carry(struct __sk_buff *skb)
{
	struct weir_carried *carried;
	struct copying *copying;
	struct port port;
	__u32 number;

	if (!skb)
		return TC_NEXT;
	copying = copying_now();
	if (copying && copying->session && copy_cut(skb, copying))
		return TC_DROP;
	port_find(&port, skb);
	number = port.number;
	carried = bpf_map_lookup_elem(&weir_carried, &number);
	if (number && carried) {
		carried->packets++;
		carried->bytes += skb->len;
	}
	return TC_NEXT;
}

/* Sends a clone. Why it could not, an enum weir_tap_loss; or TAP_SENT. */
static __always_inline int frame_clone(struct __sk_buff *skb,
				       const struct tapped *tapped, __u32 keep)
{
	__u32 interface = tapped->session->interface;
	struct copying *copying = copying_now();
	__u32 mark = skb->mark;
	int failure;

	if (!copying)
		return WEIR_TAP_LOSS_DESTINATION;
	copying->session = tapped->index + 1;
	copying->keep = keep;
	skb->mark = WEIR_COPY_MARK;
	failure = bpf_clone_redirect(skb, interface, 0);
	skb->mark = mark;
	copying->session = 0;
	return failure ? WEIR_TAP_LOSS_DESTINATION : TAP_SENT;
}

#endif
