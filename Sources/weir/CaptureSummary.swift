// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import TapService

/// What became of all that a capture was to have.
struct CaptureSummary: Encodable {
    private let frames: UInt64
    private let unread: UInt64
    private let files: [String]
    /// Of all ports; nil: the daemon could not be asked.
    private let account: TapFigures?

    init(_ reader: CaptureReader, _ last: TapCaptureView?) {
        (frames, unread, files) = (reader.written, reader.unread, reader.paths)
        account = last?.figures
    }

    /// Beside the frames, to standard error.
    func warn(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    var text: String {
        var text = "\(counted(frames, "frame")) captured"
        guard let sum = account?.sum else { return text }
        let (packets, withheld) = (sum.matched.packets, sum.withheld.sum.packets)
        text += "; of \(counted(packets, "packet")) that matched \(withheld) withheld, \(sum.failed.sum.packets) lost"
        return unread == 0 ? text : text + "; \(counted(unread, "frame")) came after the last one"
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return PrintableText.json(String(decoding: try encoder.encode(self), as: UTF8.self))
        }
    }
}
