// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one frame into the packets of many flows: before each run the frame
 * gets the source address and port of the next flow of a sequence, then the
 * program under test is called in its place. For BPF_PROG_TEST_RUN only.
 *
 * The sequence is made beforehand, so that choosing a flow costs the same for
 * every program; the same with an empty program behind it is taken off.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* What a run returns that found no program to call. */
#define REPLAY_NO_TARGET 119

/* Flows that share a source address and differ by port. */
#define REPLAY_FLOWS_SHIFT 6
#define REPLAY_FIRST_PORT 0x8000
#define REPLAY_DESTINATION_PORT 443
#define REPLAY_FIRST_IPV4 0x0a000000	/* 10.0.0.0 */
#define REPLAY_IPV4_PEER 0xc0a80001	/* 192.168.0.1 */

#define REPLAY_IDS 16

/* A cache line of the sequence. */
struct replay_ids {
	__u32 id[REPLAY_IDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct replay_ids);
} replay_ids SEC(".maps");

struct replay_state {
	__u32 next;	/* index into the sequence */
	__u32 length;	/* where it begins anew */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct replay_state);
} replay_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} replay_target SEC(".maps");

/* Where the frame has what is rewritten; offsets from its start. */
struct replay_frame {
	__u16 addresses;	/* IPv4: both; IPv6: low half of the source */
	__u16 ports;		/* both */
	__u16 is_ipv6;
	__u16 is_scattered;	/* IPv4: see scatter() */
};

const volatile struct replay_frame replay_frame SEC(".rodata.replay") = {};

static __always_inline int next_id(__u32 *id)
{
	struct replay_state *state;
	struct replay_ids *ids;
	__u32 zero = 0, next, line;

	state = bpf_map_lookup_elem(&replay_state, &zero);
	if (!state)
		return -1;
	next = state->next;
	line = next / REPLAY_IDS;
	ids = bpf_map_lookup_elem(&replay_ids, &line);
	if (!ids)
		return -1;
	*id = ids->id[next % REPLAY_IDS];
	next++;
	state->next = next < state->length ? next : 0;
	return 0;
}

/*
 * Both are written whole, as wide as any program may read them: a wider read
 * than write would wait for the store. Little-endian, like all hosts of Weir.
 */
static __always_inline void rewrite(void *data, void *data_end, __u32 id)
{
	__u32 address = id >> REPLAY_FLOWS_SHIFT;
	__u16 port = REPLAY_FIRST_PORT | (id & ((1 << REPLAY_FLOWS_SHIFT) - 1));
	__u64 *addresses = data + replay_frame.addresses;
	__u32 *ports = data + replay_frame.ports;

	if ((void *)(addresses + 1) > data_end ||
	    (void *)(ports + 1) > data_end)
		return;
	if (replay_frame.is_ipv6)
		*addresses = (__u64)bpf_htonl(address) << 32;
	else
		*addresses = (__u64)bpf_htonl(REPLAY_IPV4_PEER) << 32 |
			     bpf_htonl(REPLAY_FIRST_IPV4 + address);
	*ports = (__u32)bpf_htons(REPLAY_DESTINATION_PORT) << 16 |
		 bpf_htons(port);
}

/* The finalizer of SplitMix64: numbers that follow one another look random. */
static __always_inline __u64 mix(__u64 number)
{
	number *= 0x9e3779b97f4a7c15;
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
	number = (number ^ number >> 27) * 0x94d049bb133111eb;
	return number ^ number >> 31;
}

/*
 * Makes the line of each flow as unlike the others as lines of a log are: any
 * destination, any ports, and packets of 60 to 1,083 octets. The source
 * address and the six low bits of the source port remain: they tell flows
 * apart.
 */
static __always_inline void scatter(void *data, void *data_end, __u32 id)
{
	__u32 *destination = data + replay_frame.addresses + 4;
	__u16 *octets = data + replay_frame.addresses - 10;
	__u16 *ports = data + replay_frame.ports;
	__u64 random = mix(id);
	__u16 port = (random >> 48 & ~((1 << REPLAY_FLOWS_SHIFT) - 1)) |
		     (id & ((1 << REPLAY_FLOWS_SHIFT) - 1));

	if ((void *)(destination + 1) > data_end ||
	    (void *)(octets + 1) > data_end || (void *)(ports + 2) > data_end)
		return;
	*destination = random;
	*octets = bpf_htons(60 + (random >> 32 & 1023));
	ports[0] = bpf_htons(port);
	ports[1] = bpf_htons(random >> 42 & 0xffff);
}

static __always_inline void write_flow(void *data, void *data_end, __u32 id)
{
	rewrite(data, data_end, id);
	if (replay_frame.is_scattered)
		scatter(data, data_end, id);
}

SEC("tc")
int replay_tc(struct __sk_buff *skb)
{
	__u32 id;

	if (next_id(&id))
		return REPLAY_NO_TARGET;
	write_flow((void *)(long)skb->data, (void *)(long)skb->data_end, id);
	bpf_tail_call(skb, &replay_target, 0);
	return REPLAY_NO_TARGET;
}

static __always_inline int replay_on_xdp(struct xdp_md *xdp)
{
	__u32 id;

	if (next_id(&id))
		return REPLAY_NO_TARGET;
	write_flow((void *)(long)xdp->data, (void *)(long)xdp->data_end, id);
	bpf_tail_call(xdp, &replay_target, 0);
	return REPLAY_NO_TARGET;
}

SEC("xdp")
int replay_xdp(struct xdp_md *xdp)
{
	return replay_on_xdp(xdp);
}

/* A program with frags can only be called by one with frags. */
SEC("xdp.frags")
int replay_xdp_frags(struct xdp_md *xdp)
{
	return replay_on_xdp(xdp);
}

char _license[] SEC("license") = "GPL";
