// SPDX-License-Identifier: Apache-2.0

import Foundation
package import TapService
import WeirService

/// Asks a running daemon about taps over its control socket, and has it change them. Blocks until it answers, twenty seconds at most.
package struct TapClient: Sendable {
    /// Why it is not done, in one sentence.
    package struct Refusal: Error, CustomStringConvertible {
        /// Whether the request itself cannot be meant.
        package let isUsage: Bool
        /// Whether no daemon answers, or the daemon that answers cannot do it now.
        package var isForNow = false
        package let description: String
    }

    private let socket: String

    private static let patience = Duration.seconds(20)

    /// - Parameter socket: the path of the control socket.
    package init(socket: String) { self.socket = socket }

    /// Everything.
    package func view() throws(Refusal) -> TapView { try read(try send(.get, "/taps")) }

    /// - Returns: the object, as the daemon has it.
    package func create<Object: TapObject>(
        _ kind: TapKind, _ fields: [String: TapJSON]
    ) throws(Refusal) -> TapListed<Object> {
        let answer: [String: TapListed<Object>] = try read(try send(.post, "/taps/\(kind.rawValue)", fields))
        return try only(answer, kind)
    }

    /// - Parameter reference: id or name.
    package func update<Object: TapObject>(
        _ kind: TapKind, _ reference: String, _ fields: [String: TapJSON]
    ) throws(Refusal) -> TapListed<Object> {
        let answer: [String: TapListed<Object>] = try read(try send(.put, path(kind, reference), fields))
        return try only(answer, kind)
    }

    /// - Returns: what went, as sentences name it.
    package func delete(_ kind: TapKind, _ reference: String) throws(Refusal) -> [String] {
        let answer: [String: [String]] = try read(try send(.delete, path(kind, reference)))
        return answer["deleted"] ?? []
    }

    /// Begins a capture: from then on frames are in its ring.
    package func beginCapture(_ fields: [String: TapJSON]) throws(Refusal) -> TapCaptureView {
        try capture(.post, "/taps/captures", fields)
    }

    /// Has it go on. nil where that cannot be for now: programs copy on while a daemon is away.
    package func renewCapture(_ id: String) throws(Refusal) -> TapCaptureView? {
        do throws(Refusal) { return try capture(.post, "/taps/captures?id=\(id)") } catch {
            guard error.isForNow else { throw error }
            return nil
        }
    }

    /// - Returns: how it stood at its end, when all that was copied is in the ring.
    package func endCapture(_ id: String) throws(Refusal) -> TapCaptureView {
        try capture(.delete, "/taps/captures?id=\(id)")
    }

    private func capture(
        _ method: HTTPMethod, _ target: String, _ fields: [String: TapJSON]? = nil
    ) throws(Refusal) -> TapCaptureView {
        let answer: [String: TapCaptureView] = try read(try send(method, target, fields))
        guard let view = answer["capture"] else { throw unreadable }
        return view
    }

    private func path(_ kind: TapKind, _ reference: String) -> String {
        let id = reference.utf8.map { byte in
            let isPlain =
                byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "/taps/\(kind.rawValue)?id=\(id.joined())"
    }

    private func only<Object: TapObject>(
        _ answer: [String: TapListed<Object>], _ kind: TapKind
    ) throws(Refusal) -> TapListed<Object> {
        guard let object = answer[kind.key] else { throw unreadable }
        return object
    }

    private func read<Value: Decodable>(_ body: [UInt8]) throws(Refusal) -> Value {
        guard let value = try? JSONDecoder().decode(Value.self, from: Data(body)) else { throw unreadable }
        return value
    }

    private var unreadable: Refusal {
        Refusal(
            isUsage: false,
            description:
                "the daemon on \(socket) sent an answer about taps that cannot be read: install programs of one version"
        )
    }

    private func send(
        _ method: HTTPMethod, _ target: String, _ fields: [String: TapJSON]? = nil
    ) throws(Refusal) -> [UInt8] {
        let body = fields.map { TapJSON.object($0).bytes } ?? []
        switch HTTPClient.send(method, target, body, at: socket, patience: Self.patience) {
        case .noServer:
            throw Refusal(
                isUsage: false, isForNow: true,
                description: "no daemon answers on \(socket): start weir run, or wait until it is up")
        case .refused(let error): throw Refusal(isUsage: false, description: error.description)
        case .answer(200...299, let body): return body
        case .answer(404, let body) where body.starts(with: Array("nothing is known by".utf8)):
            throw Refusal(
                isUsage: false, description: "the daemon on \(socket) knows no taps: it is of an older version")
        case .answer(let status, let body):
            let sentence = String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            throw Refusal(isUsage: status == 400, isForNow: status >= 500, description: sentence)
        }
    }
}
