// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel

/// An interface that a switch reads through AF_XDP sockets by libxdp's own program, or has read so.
struct OpenXSKPort: ~Copyable {
    let program: BPFProgram
    let mode: XDPMode
    let sockets: BPFMap
}
