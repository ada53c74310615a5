// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// All tap services, flows, mirrors and filters of a host, and what a request does to them: whole, or nothing.
package struct TapBook: Codable, Equatable, Sendable {
    package private(set) var services: [TapServiceObject] = []
    package private(set) var flows: [TapFlowObject] = []
    package private(set) var mirrors: [TapMirrorObject] = []
    package private(set) var filters: [TapFilterObject] = []
    package var accounts = TapAccounts()

    package init() {}

    /// What a daemon has said of its book.
    package init(
        services: [TapServiceObject], flows: [TapFlowObject], mirrors: [TapMirrorObject], filters: [TapFilterObject]
    ) {
        (self.services, self.flows, self.mirrors, self.filters) = (services, flows, mirrors, filters)
    }

    package var isEmpty: Bool { services.isEmpty && flows.isEmpty && mirrors.isEmpty && filters.isEmpty }

    /// - Parameter id: unique, of the caller's making.
    /// - Returns: the id.
    package mutating func create(
        _ kind: TapKind, id: String, _ values: [String: TapJSON], by owner: TapOwner, in host: TapSurroundings
    ) throws(TapError) {
        switch kind {
        case .services: try create(\.services, id: id, values, by: owner, in: host)
        case .flows: try create(\.flows, id: id, values, by: owner, in: host)
        case .mirrors: try create(\.mirrors, id: id, values, by: owner, in: host)
        case .filters: try create(\.filters, id: id, values, by: owner, in: host)
        }
    }

    /// - Parameter reference: id or name.
    /// - Returns: the id.
    package mutating func update(
        _ kind: TapKind, _ reference: String, _ values: [String: TapJSON], by owner: TapOwner, in host: TapSurroundings
    ) throws(TapError) -> String {
        switch kind {
        case .services: try update(\.services, reference, values, by: owner, in: host)
        case .flows: try update(\.flows, reference, values, by: owner, in: host)
        case .mirrors: try update(\.mirrors, reference, values, by: owner, in: host)
        case .filters: try update(\.filters, reference, values, by: owner, in: host)
        }
    }

    /// Deletes an object; with a tap service its tap flows, as OpenStack does.
    ///
    /// - Returns: what went, as sentences name it.
    package mutating func delete(_ kind: TapKind, _ reference: String) throws(TapError) -> [String] {
        switch kind {
        case .services:
            let service = try find(\.services, reference)
            let own = flows.filter { $0.serviceID == service.id }
            flows.removeAll { $0.serviceID == service.id }
            services.removeAll { $0.id == service.id }
            return [service.title] + own.map(\.title)
        case .flows:
            let flow = try find(\.flows, reference)
            flows.removeAll { $0.id == flow.id }
            return [flow.title]
        case .mirrors:
            let mirror = try find(\.mirrors, reference)
            mirrors.removeAll { $0.id == mirror.id }
            return [mirror.title]
        case .filters: return [try deleteFilter(reference)]
        }
    }

    private mutating func deleteFilter(_ reference: String) throws(TapError) -> String {
        let filter = try find(\.filters, reference)
        let users =
            flows.filter { $0.filterID == filter.id }.map(\.title)
            + mirrors.filter { $0.filterID == filter.id }.map(\.title)
        guard users.isEmpty else {
            throw TapError(
                .conflict,
                "\(filter.title) is used by \(users.listed(by: "and")): give them another filter, or delete them first")
        }
        filters.removeAll { $0.id == filter.id }
        return filter.title
    }

    /// An object by its id or its name.
    package func find<Object: TapObject>(
        _ path: KeyPath<TapBook, [Object]>, _ reference: String
    ) throws(TapError) -> Object {
        let objects = self[keyPath: path]
        if let object = objects.first(where: { $0.id == reference }) ?? objects.first(where: { $0.name == reference }) {
            return object
        }
        let near = nearestWord(to: reference, among: objects.map(\.name)).map { "; \($0) is meant, perhaps" } ?? ""
        throw TapError(.unknown, "there is no \(Object.noun) \(reference)\(near)")
    }
}

extension TapBook {
    private mutating func create<Object: TapObject>(
        _ path: WritableKeyPath<TapBook, [Object]>, id: String, _ values: [String: TapJSON], by owner: TapOwner,
        in host: TapSurroundings
    ) throws(TapError) {
        var (new, object) = (self, Object(id: id, created: owner))
        try object.change(values)
        new[keyPath: path].append(object)
        try new.settle(path, id, in: host)
        self = new
    }

    private mutating func update<Object: TapObject>(
        _ path: WritableKeyPath<TapBook, [Object]>, _ reference: String, _ values: [String: TapJSON],
        by owner: TapOwner,
        in host: TapSurroundings
    ) throws(TapError) -> String {
        var (new, object) = (self, try find(path, reference))
        let id = object.id
        try object.change(values)
        object.updated = owner
        new[keyPath: path] = new[keyPath: path].map { $0.id == id ? object : $0 }
        try new.settle(path, id, in: host)
        self = new
        return id
    }

    /// Puts ids in the place of names and a number where none was chosen, and looks whether all goes together.
    private mutating func settle<Object: TapObject>(
        _ path: WritableKeyPath<TapBook, [Object]>, _ id: String, in host: TapSurroundings
    ) throws(TapError) {
        let object = try find(path, id)
        if let other = self[keyPath: path].first(where: { $0.name == object.name && $0.id != id }) {
            throw TapError(
                .conflict, "the name \(object.name) is that of another \(Object.noun), \(other.id): choose another name"
            )
        }
        switch object {
        case var flow as TapFlowObject:
            flow.serviceID = try find(\.services, flow.serviceID).id
            if let filter = flow.filterID { flow.filterID = try find(\.filters, filter).id }
            if flow.sessionNumber == 0 { flow.sessionNumber = try freeSessionNumber() }
            flows = flows.map { $0.id == id ? flow : $0 }
            try check(flow, in: host)
        case var mirror as TapMirrorObject:
            if let filter = mirror.filterID { mirror.filterID = try find(\.filters, filter).id }
            if mirror.sessionNumber == 0 { mirror.sessionNumber = try freeSessionNumber() }
            mirrors = mirrors.map { $0.id == id ? mirror : $0 }
            try check(mirror, in: host)
        case let service as TapServiceObject: try check(service, in: host)
        default: break
        }
        try checkSize()
    }

    private func freeSessionNumber() throws(TapError) -> UInt16 {
        let used = Set(flows.map(\.sessionNumber) + mirrors.map(\.sessionNumber))
        guard let number = TapFlowObject.sessionNumbers.first(where: { !used.contains($0) }) else {
            throw TapError(.conflict, "all session numbers are in use: choose one (--session)")
        }
        return number
    }
}
