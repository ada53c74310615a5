// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// What a copy carries (`skb->mark`): programs count it apart, and never copy it again.
package enum CopyMark {
    package static let value = UInt32(WEIR_COPY_MARK)
}
