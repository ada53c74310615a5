/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The beginning of the first frame in a window that is in no flow for some
 * reason, so that an operator sees what it is. Included by account.bpf.h only.
 */
#ifndef WEIR_SAMPLE_BPF_H
#define WEIR_SAMPLE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Eight bytes at a time, then those that are left. */
#define SAMPLE_STEP 8

/*
 * Keeps the frame at that place among the port's totals, unless one of this
 * window is there. Of two CPUs the one that writes the window's number has it.
 */
__noinline int sample_keep(FRAME_CONTEXT *context, __u32 window, __u32 port,
			   __u32 index)
{
	struct weir_sample *sample;
	void *data, *data_end, *totals;
	__u32 kept = 0, old;

	totals = bpf_map_lookup_elem(&weir_totals_of, &port);
	if (!context || !totals)
		return 0;
	sample = bpf_map_lookup_elem(totals, &index);
	if (!sample)
		return 0;
	old = sample->window;
	if (old == window ||
	    __sync_val_compare_and_swap(&sample->window, old, window) != old)
		return 0;
	data_end = frame_data_end(context);
	data = frame_data(context);
	for (int i = 0; i < WEIR_SAMPLE_BYTES / SAMPLE_STEP; i++) {
		if (data + kept + SAMPLE_STEP > data_end)
			break;
		*(word *)(sample->bytes + kept) = load_word(data + kept);
		kept += SAMPLE_STEP;
	}
	for (int i = 0; i < SAMPLE_STEP - 1; i++) {
		if (kept >= WEIR_SAMPLE_BYTES || data + kept + 1 > data_end)
			break;
		sample->bytes[kept] = *(__u8 *)(data + kept);
		kept++;
	}
	sample->length = frame_length(context);
	sample->kept = kept;
	return 0;
}

#endif
