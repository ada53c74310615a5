// SPDX-License-Identifier: Apache-2.0

import CHost

/// What the calling thread is called in /proc and by ps(1).
package enum ThreadName {
    /// 15 bytes at most. Foundation's own name of a thread is not set by a thread that is faster than whoever starts it.
    package static func set(_ name: String) { unsafe weir_name_thread(name) }
}
