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

#include "copying.bpf.h"
#include "tap_account.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_carried);
} weir_carried SEC(".maps");

/* Each program's own, since the stack has no room for it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet_view);
} weir_copied SEC(".maps");

static __always_inline struct packet_view *packet_copied(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&weir_copied, &index);
}

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

/* How long a frame is on the wire, and how much of it is one packet. */
struct wire {
	__u32 octets;		/* of one packet, from the IP header on */
	__u32 length;		/* of its frame, with all tags */
};

static __always_inline void wire_make(struct wire *wire, struct __sk_buff *skb,
				      const struct packet_view *packet)
{
	__u32 link = ETH_HLEN;

	if (packet->vlan_id && !skb->vlan_present)
		link += 4;
	if (packet->inner_vlan_id)
		link += 4;
	wire->octets = packet->octets;
	wire->length = skb->len;
	if (packet->packets > 1) {
		/* All segments but the first have the headers once more. */
		__u32 headers = (packet->octets - (skb->len - link)) /
				(packet->packets - 1);

		wire->octets = headers + skb->gso_size;
		wire->length = link + wire->octets;
	}
	if (skb->vlan_present)
		wire->length += 4;
}

/* Sends a copy. Why it could not, an enum weir_tap_loss; or TAP_SENT. */
static __always_inline int tc_send(struct __sk_buff *skb,
				   const struct tapped *tapped,
				   const struct packet_view *packet,
				   struct wire *wire, __u32 *keep)
{
	const struct weir_tap_session *session = tapped->session;
	struct copying *copying = copying_now();
	__u32 interface = session->interface;
	__u32 mark = skb->mark;
	int failure;

	if (!copying || session->destination == WEIR_TAP_TO_RING)
		return WEIR_TAP_LOSS_RING;
	wire_make(wire, skb, packet);
	*keep = session->length;
	if (session->longest && wire->length > session->longest) {
		if (session->oversize == WEIR_TAP_REFUSE)
			return WEIR_TAP_LOSS_TOO_BIG;
		if (session->oversize == WEIR_TAP_CUT &&
		    (!*keep || *keep > session->longest))
			*keep = session->longest;
	}
	if (*keep >= skb->len)
		*keep = 0;
	copying->session = tapped->index + 1;
	copying->keep = *keep;
	skb->mark = WEIR_COPY_MARK;
	failure = bpf_clone_redirect(skb, interface, 0);
	skb->mark = mark;
	copying->session = 0;
	return failure ? WEIR_TAP_LOSS_DESTINATION : TAP_SENT;
}

#ifdef WEIR_POLICY
/* What the policy says of a packet that found no room. */
__noinline int tc_judge(struct __sk_buff *skb, __u32 side)
{
	struct packet_view *packet = packet_copied();
	struct open_window open = {};
	struct rule_search *search;
	struct port port;
	__u32 index = 0;

	if (!skb)
		return WEIR_RULING_NONE;
	search = bpf_map_lookup_elem(&weir_judging, &index);
	port_find(&port, skb);
	if (!packet || !search || !port.number)
		return WEIR_RULING_NONE;
	if (tc_parse_any(skb, packet) != PACKET_IP)
		return WEIR_RULING_NONE;
	open.policy = policy_version();
	open.port = port.number;
	open.direction = port_direction(&port, side & 1);
	if (packet->fragment)
		fragment_attribute(packet, open.port, open.direction);
	related_find(skb, packet, &open);
	flow_key_make(&search->reported, packet, &open, 0);
	return judgement_ruling(flow_judge(&search->reported));
}
#endif

/*
 * Copies a frame that a session may want, where one takes it.
 *
 * A global function: off the way of frames that none wants. It parses anew,
 * rather than have the short way keep what it found.
 */
__noinline int tc_copy(struct __sk_buff *skb, __u32 side, __u32 said)
{
	struct packet_view *packet;
	struct tap_frame *frame;
	struct tapped tapped;
	struct wire wire = {};
	__u32 keep = 0;
	struct port port;
	int kind, loss;
	__u8 direction;

	if (!skb)
		return 0;
	packet = packet_copied();
	frame = tap_frame();
	port_find(&port, skb);
	if (!packet || !frame || !port.number)
		return 0;
	direction = port_direction(&port, side & 1);
	kind = tc_parse_any(skb, packet);
	if (kind == PACKET_IP && packet->fragment)
		fragment_attribute(packet, port.number, direction);
	tap_frame_make(frame, packet, kind, said, port.number, direction);
	if (tap_find(&tapped, frame))
		return 0;
	tap_count(&tapped.account->matched, packet->packets, packet->octets);
	loss = tap_withholds(&tapped, frame, packet);
	if (loss == TAP_SENT)
		loss = tc_send(skb, &tapped, packet, &wire, &keep);
	if (loss >= 0 && loss < WEIR_TAP_LOSSES) {
		tap_count(&tapped.account->losses[loss], packet->packets,
			  packet->octets);
		return 0;
	}
	if (!keep) {
		tap_count(&tapped.account->mirrored, packet->packets,
			  packet->octets);
		return 0;
	}
	tap_count(&tapped.account->mirrored, 1, wire.octets);
	tap_count(&tapped.account->cut, 1, wire.octets);
	if (packet->packets > 1)
		tap_count(&tapped.account->losses[WEIR_TAP_LOSS_SEGMENTS],
			  packet->packets - 1, packet->octets - wire.octets);
	return 0;
}

#endif
