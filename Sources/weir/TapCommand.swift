// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import Foundation
import TapService
import WeirConfiguration

struct TapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap",
        abstract: "Tap services: copy traffic of chosen ports to a monitor, here or on another host.",
        discussion: """
            A tap service is a destination, a tap flow says what is copied to it, a tap filter chooses packets by numbered rules: OpenStack's \
            words and options, AWS's rules for choosing. Nothing is copied until a tap flow is created: docs/taps.md.

            Example:
              weir tap service create --name mon --port tap9
              weir tap filter create --name web --rule number=1,action=accept,direction=OUT,protocol=tcp,destination-port=80-90
              weir tap flow create --name f --port tap7 --tap-service mon --direction BOTH --filter web --session 1
              weir tap session list
            """,
        subcommands: [
            TapServiceCommand.self, TapFlowCommand.self, TapMirrorCommand.self, TapFilterCommand.self,
            TapSessionCommand.self, TapCaptureCommand.self,
        ])
}

/// Where the daemon is.
typealias TapPlace = KeyOptions<TapKeys>

enum TapKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("socket")
}

extension KeyOptions<TapKeys> {
    /// Carries out a request; what cannot be meant is a mistake of the operator's.
    func ask<Value>(_ body: (TapClient) throws(TapClient.Refusal) -> Value) throws -> Value {
        let client = TapClient(socket: try merged().root.socket)
        do throws(TapClient.Refusal) { return try body(client) } catch {
            if error.isUsage { throw UsageError(description: error.description) }
            throw error
        }
    }
}

/// A kind of objects, as its commands need it.
protocol TapCommandKind: Sendable {
    associatedtype Object: TapObject
    static var kind: TapKind { get }
    /// Of a list: the head and, of each object, the words below it.
    static var columns: [(head: String, word: @Sendable (TapListed<Object>, TapView) -> String)] { get }
    static func objects(of view: TapView) -> [TapListed<Object>]
}

extension TapCommandKind {
    static func find(_ reference: String, in view: TapView) throws -> TapListed<Object> {
        let all = objects(of: view)
        let found = all.first { $0.object.id == reference } ?? all.first { $0.object.name == reference }
        guard let found else {
            throw TapFailure(description: "there is no \(kind.noun) \(reference): see weir tap \(word) list")
        }
        return found
    }

    /// As the command line has it: `service`.
    static var word: String { String(kind.noun.dropFirst("tap ".count)) }
}

/// Why a command about taps is not done.
struct TapFailure: Error, CustomStringConvertible { let description: String }
