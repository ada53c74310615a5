// SPDX-License-Identifier: GPL-2.0-only
/*
 * An object as others build them: several programs, of which some do not load,
 * sections that libbpf does not know, and maps that ask to be pinned.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TC_NEXT (-1)
#define UNUSED __attribute__((unused))
/* Of a frame of Ethernet, IPv4 without options, and TCP or UDP. */
#define SOURCE_OFFSET 26
#define PORTS_OFFSET 34

struct foreign_key {
	__u32 source;
	__u32 ports;
};

/* User space is to set its size. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct foreign_key);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} foreign_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} foreign_packets SEC(".maps");

/* Loaders other than libbpf know the size of its keys and values. */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 16);
} foreign_events SEC(".maps");

const volatile __u8 foreign_enabled = 0;
const volatile __u64 foreign_step = 1;

static __always_inline void account(void *data, void *data_end)
{
	struct foreign_key key = {};
	__u64 *packets, step = foreign_step;

	if (!foreign_enabled || data + PORTS_OFFSET + sizeof(key.ports) > data_end)
		return;
	key.source = *(__u32 *)(data + SOURCE_OFFSET);
	key.ports = *(__u32 *)(data + PORTS_OFFSET);
	packets = bpf_map_lookup_elem(&foreign_flows, &key);
	if (packets)
		*packets += step;
	else
		bpf_map_update_elem(&foreign_flows, &key, &step, BPF_NOEXIST);
}

static __always_inline int on_tc(struct __sk_buff *skb)
{
	account((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_NEXT;
}

SEC("classifier/counts")
int foreign_counts(struct __sk_buff *skb)
{
	__u64 event = 0;

	/* Fails: no process has opened the map to read. */
	bpf_perf_event_output(skb, &foreign_events, BPF_F_CURRENT_CPU, &event,
			      sizeof(event));
	return on_tc(skb);
}

SEC("tcx/ingress")
int foreign_tcx(struct __sk_buff *skb)
{
	return on_tc(skb);
}

SEC("xdp_counts")
int foreign_xdp(struct xdp_md *xdp)
{
	account((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return XDP_PASS;
}

/* Does not say which hook it is for. */
SEC("counts")
int foreign_untyped(struct __sk_buff *skb)
{
	return on_tc(skb);
}

SEC("tc")
int foreign_first(struct __sk_buff *skb)
{
	return on_tc(skb);
}

SEC("tc")
int foreign_second(struct __sk_buff *skb)
{
	return on_tc(skb);
}

/* The verifier refuses it: nothing is known of where the frame ends. */
SEC("classifier/refused")
int foreign_refused(struct __sk_buff *skb)
{
	return *(__u32 *)(long)skb->data;
}

/* No kernel has what it is attached to. */
SEC("fentry/foreign_no_such_function")
int foreign_probe(UNUSED void *context)
{
	return 0;
}

SEC("kprobe/foreign_no_such_function")
int foreign_kprobe(UNUSED void *context)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
