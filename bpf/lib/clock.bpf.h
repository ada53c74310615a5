/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The clock for what is looked up by its age: CLOCK_MONOTONIC, in ticks. */
#ifndef WEIR_CLOCK_BPF_H
#define WEIR_CLOCK_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Where a program may not call this one, it names another of the same clock. */
#ifndef FRAME_CLOCK
#define FRAME_CLOCK bpf_ktime_get_coarse_ns
#endif

#endif
