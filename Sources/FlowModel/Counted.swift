// SPDX-License-Identifier: Apache-2.0

/// A number with its noun in the number that it asks for: "1 group", "2 groups".
package func counted(_ count: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
