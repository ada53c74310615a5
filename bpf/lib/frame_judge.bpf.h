/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the policy says of a packet that found no room, in programs that sample or
 * copy: those have not the stack to ask where it is found.
 */
#ifndef WEIR_FRAME_JUDGE_BPF_H
#define WEIR_FRAME_JUDGE_BPF_H

#ifdef WEIR_POLICY
/* What the policy says of a packet, and by which rule. */
static __always_inline __u32 packet_judgement(FRAME_CONTEXT *context,
					      struct packet_view *packet,
					      __u16 port, __u8 direction)
{
	struct open_window open = {
		.policy = policy_version(),
		.port = port,
		.direction = direction,
	};
	struct rule_search *search;
	__u32 index = 0;

	search = bpf_map_lookup_elem(&weir_judging, &index);
	if (!search)
		return 0;
	related_find(context, packet, &open);
	flow_key_make(&search->reported, packet, &open, 0);
	return flow_judge(&search->reported);
}

/* What the policy says of a packet that found no room. */
__noinline int frame_judge_anew(FRAME_CONTEXT *context, __u32 side)
{
	struct packet_view *packet = packet_copied();
	struct port port;
	__u8 direction;

	if (!context || !packet)
		return WEIR_RULING_NONE;
	port_find(&port, context);
	if (!port.number || frame_parse_any(context, packet) != PACKET_IP)
		return WEIR_RULING_NONE;
	direction = port_direction(&port, side & 1);
	if (packet->fragment)
		fragment_attribute(packet, port.number, direction);
	return judgement_ruling(packet_judgement(context, packet, port.number,
						 direction));
}

static __always_inline int frame_said(FRAME_CONTEXT *context, __u32 side,
				      int said)
{
	if (likely(!(said & SAID_UNJUDGED)))
		return said;
	return (said & ~SAID_UNJUDGED) | frame_judge_anew(context, side);
}
#else
static __always_inline int frame_said(FRAME_CONTEXT *context, __u32 side,
				      int said)
{
	(void)context;
	(void)side;
	return said;
}
#endif

#endif
