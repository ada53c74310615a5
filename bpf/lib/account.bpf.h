/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a parsed frame to the counters: the port's totals and, for an IP
 * packet, a slot of the flow table, both in the generation of the open window.
 */
#ifndef WEIR_ACCOUNT_BPF_H
#define WEIR_ACCOUNT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "fragment.bpf.h"
#include "packet_view.bpf.h"
#include "table.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_control);
} weir_control SEC(".maps");

struct totals_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS * WEIR_DIRECTIONS);
	__type(key, __u32);
	__type(value, struct weir_totals);
};

/* Index: port number * WEIR_DIRECTIONS + direction. */
struct totals_map weir_totals_0 SEC(".maps");
struct totals_map weir_totals_1 SEC(".maps");

/*
 * Read once a frame: all that a frame counts goes to one generation. User space
 * waits for an RCU grace period after it has written the number, so that no
 * program that read the old one is still at work when it drains.
 */
static __always_inline __u32 open_generation(void)
{
	__u32 zero = 0;
	struct weir_control *control;

	control = bpf_map_lookup_elem(&weir_control, &zero);
	if (!control)
		return 0;
	return *(volatile __u32 *)&control->window % WEIR_GENERATIONS;
}

static __always_inline struct weir_totals *totals_of(__u32 generation,
						     __u8 direction)
{
	__u32 index = weir_port_config.port * WEIR_DIRECTIONS + direction;

	if (generation)
		return bpf_map_lookup_elem(&weir_totals_1, &index);
	return bpf_map_lookup_elem(&weir_totals_0, &index);
}

static __always_inline void count_add(struct weir_count *count,
				      const struct packet_view *packet)
{
	count->packets += packet->packets;
	count->octets += packet->octets;
}

static __always_inline void account_ip(struct weir_totals *totals,
				       __u32 generation,
				       struct weir_flow_key *key,
				       struct packet_view *packet)
{
	__u64 now_ns = bpf_ktime_get_coarse_ns();

	fragment_attribute(key, packet, now_ns);
	count_add(&totals->ip, packet);
	if (packet->fragment == FRAGMENT_WITHOUT_FLOW)
		count_add(&totals->fragment_without_flow, packet);
	if (table_count(generation, key, packet, now_ns))
		count_add(&totals->overflow, packet);
}

static __always_inline void account(enum packet_kind kind,
				    struct weir_flow_key *key,
				    struct packet_view *packet)
{
	__u32 generation = open_generation();
	struct weir_totals *totals = totals_of(generation, key->direction);

	if (!totals)	/* the loader gives no port number beyond the map */
		return;
	count_add(&totals->seen, packet);
	switch (kind) {
	case PACKET_IP:
		account_ip(totals, generation, key, packet);
		break;
	case PACKET_NOT_IP:
		count_add(&totals->not_ip, packet);
		break;
	case PACKET_TRUNCATED:
		count_add(&totals->truncated, packet);
		count_add(&totals->malformed, packet);
		break;
	case PACKET_MALFORMED:
		count_add(&totals->malformed, packet);
		break;
	}
}

#endif
