/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The line engine: per CPU and generation an open-addressed table of cache
 * lines, one a flow, and a log of the lines made. Included by table.bpf.h only.
 *
 * A line is alive while it carries the open window's number, so that opening a
 * window empties the table: nothing is cleared, nothing deleted, and a search
 * ends at the first line that is not alive. User space never opens the number
 * 0, which fresh memory carries, and clears a generation whose lines could
 * carry a number from before the numbers wrapped.
 *
 * One writer per CPU; readers map the memory. They drain a closed generation
 * after a grace period. Who reads an open one sees each line as it was at some
 * moment, and lines that are in the log only after they are whole.
 */
#ifndef WEIR_TABLE_LINE_BPF_H
#define WEIR_TABLE_LINE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "control.bpf.h"
#include "line_hash.bpf.h"

/* User space sets max_entries of all of these. */
#define LINE_MAP(name_, value_)                                                \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, value_);                                         \
	} name_ SEC(".maps")

/* Index: (generation * cpus + CPU) * lines + line, or place in the log. */
LINE_MAP(weir_lines, struct weir_line);
LINE_MAP(weir_entries, struct weir_line_entry);
/* Index: generation * cpus + CPU. */
LINE_MAP(weir_heads, struct weir_line_head);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_line_share);
} weir_shares SEC(".maps");

#define TABLE weir_port_config.table
#define LINE_PACKETS_MASK ((1ULL << WEIR_LINE_PACKETS) - 1)

/* A packet whose line is not at home, or not there at all. */
struct line_search {
	union key_words key;
	__u64 mac[2];		/* these as in packet_view */
	__u32 packets;
	__u32 octets;
	__u8 dscp;
	__u8 time_to_live;
	__u16 zero;
	__u32 now;		/* ticks */
	__u32 table;		/* one CPU's in one generation: index of its head */
	__u32 home;		/* the line where the search begins */
};

static __always_inline struct weir_line *line_at(__u32 table, __u32 line)
{
	__u32 index = table * TABLE.lines + line;

	return bpf_map_lookup_elem(&weir_lines, &index);
}

/* All words at once: a hit is the rule, so that stopping early saves nothing. */
static __always_inline int line_is_of(const struct weir_line *line,
				      const union key_words *key)
{
	const union key_words *own = (const void *)&line->key;
	__u64 difference = 0;

#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		difference |= own->words[i] ^ key->words[i];
	return !difference;
}

static __always_inline int line_has_room(const struct weir_line *line,
					 __u32 more_packets, __u32 more_octets)
{
	__u64 octets = (__u64)more_octets << WEIR_LINE_BITS;
	__u64 packets = line->packets_last & LINE_PACKETS_MASK;

	return line->octets_bits + octets >= octets &&
	       packets + more_packets <= LINE_PACKETS_MASK;
}

static __always_inline __u64 line_time(__u32 ticks)
{
	if (ticks >= WEIR_LINE_COARSE)
		return WEIR_LINE_COARSE | ticks >> WEIR_LINE_COARSE_SHIFT;
	return ticks;
}

static __always_inline void line_add(struct weir_line *line,
				     const struct packet_view *packet,
				     __u32 now)
{
	__u64 octets = (__u64)packet->octets << WEIR_LINE_BITS;
	__u64 packets = line->packets_last & LINE_PACKETS_MASK;

	line->octets_bits = (line->octets_bits + octets) | packet->tcp_bits;
	line->packets_last = (packets + packet->packets) |
			     line_time(now) << WEIR_LINE_PACKETS;
}

/* Whether the port may take one more line; if so, it has. */
static __always_inline int share_take(__u32 window)
{
	__u32 port = weir_port_config.port;
	struct weir_line_share *share;

	share = bpf_map_lookup_elem(&weir_shares, &port);
	if (!share)
		return 0;
	if (share->window != window) {
		share->count = 0;
		share->window = window;
	}
	if (share->count >= TABLE.port_share)
		return 0;
	if (++share->count == TABLE.port_high_water)
		wake_meter(window);
	return 1;
}

static __always_inline void entry_write(struct weir_line_entry *entry,
					const struct line_search *search,
					__u32 line)
{
	entry->line = line;
	entry->first = search->now;
	__builtin_memcpy(entry->dst_mac, search->mac, WEIR_MAC_LENGTH);
	__builtin_memcpy(entry->src_mac, (void *)&search->mac[1] + 2,
			 WEIR_MAC_LENGTH);
	entry->dscp = search->dscp;
	entry->time_to_live = search->time_to_live;
	entry->zero = 0;
}

static __always_inline void line_clear(struct weir_line *line,
				       const union key_words *key)
{
	union key_words *own = (void *)&line->key;

	line->octets_bits = 0;
	line->packets_last = 0;
#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		own->words[i] = key->words[i];
}

/* Makes a line that is not alive the key's, with nothing counted. */
static __always_inline int line_make(struct weir_line *line, __u32 at,
				     const struct line_search *search,
				     __u32 probes)
{
	__u32 window = search->key.key.window;
	struct weir_line_entry *entry;
	struct weir_line_head *head;
	__u32 index = search->table;

	head = bpf_map_lookup_elem(&weir_heads, &index);
	if (!head)
		return -1;
	if (head->window != window) {
		head->count = 0;
		head->probes = 0;
		barrier();	/* who reads the window finds its count */
		head->window = window;
	}
	if (head->count >= TABLE.lines || !share_take(window))
		return -1;
	index = search->table * TABLE.lines + head->count;
	entry = bpf_map_lookup_elem(&weir_entries, &index);
	if (!entry)
		return -1;
	entry_write(entry, search, at);
	line_clear(line, &search->key);
	head->probes += probes;
	barrier();		/* who reads the count finds the entry */
	if (++head->count == TABLE.high_water)
		wake_meter(window);
	return at;
}

/*
 * Finds the key's line or makes it; returns its number, or a negative one. The
 * steps grow by one, so that keys with neighbouring homes soon part.
 *
 * A line without room for the packet is sealed: its flow goes on in another,
 * and user space adds the two up.
 *
 * A global function: off the way of a packet whose line is at home, and looked
 * at by the verifier once.
 */
__noinline int line_place(struct line_search *search)
{
	struct weir_line *line = NULL;
	__u32 probes, at;

	if (!search)
		return -1;
	at = search->home;
	for (probes = 0; probes < WEIR_LINE_PROBES; probes++) {
		at += probes;
		if (at >= TABLE.lines)
			at -= TABLE.lines;
		line = line_at(search->table, at);
		if (!line)
			return -1;
		if (line->key.window != search->key.key.window)
			break;
		if (!line_is_of(line, &search->key))
			continue;
		if (line_has_room(line, search->packets, search->octets))
			return at;
		line->key.kind |= WEIR_KEY_SEALED;
	}
	if (probes >= WEIR_LINE_PROBES)
		return -1;
	return line_make(line, at, search, probes + 1);
}

static __always_inline int line_search(const union key_words *key,
				       const struct packet_view *packet,
				       __u32 now, __u32 table, __u32 home)
{
	struct line_search search = {
		.key = *key,
		.mac = { packet->mac[0], packet->mac[1] },
		.packets = packet->packets,
		.octets = packet->octets,
		.dscp = packet->dscp,
		.time_to_live = packet->time_to_live,
		.now = now,
		.table = table,
		.home = home,
	};

	return line_place(&search);
}

static __always_inline int table_count(const struct open_window *open,
				       const struct packet_view *packet,
				       __u8 direction)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct weir_line *line;
	union key_words key;
	__u32 table, home;
	int at;

	if (unlikely(cpu >= TABLE.cpus))
		return -1;
	flow_key_make(&key, packet, direction, open->number);
	table = open->generation * TABLE.cpus + cpu;
	home = (__u64)line_hash(&key) * TABLE.lines >> 32;
	line = line_at(table, home);
	if (unlikely(!line))
		return -1;
	if (unlikely(!line_is_of(line, &key) ||
		     !line_has_room(line, packet->packets, packet->octets))) {
		at = line_search(&key, packet, open->now, table, home);
		if (at < 0)
			return at;
		line = line_at(table, at);
		if (!line)
			return -1;
	}
	line_add(line, packet, open->now);
	return 0;
}

#endif
